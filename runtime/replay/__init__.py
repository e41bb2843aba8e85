"""What follows from the plan and the manifests: which tasks are ready, which items arrive, and what they inherit."""
