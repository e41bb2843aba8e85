"""What steps ask of the containers that they run in, and which container has it; for every target."""
