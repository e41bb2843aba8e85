"""What a workflow does when it has ended."""
