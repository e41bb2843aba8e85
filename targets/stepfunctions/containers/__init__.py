"""What steps ask of the containers of their jobs: how AWS Batch says it, and what it refuses."""
