"""Images of environments: what a profile says of them, the flowport in them, their folders, and how they are built and pushed."""
