"""The environments of steps: lock files, and how an environment is made from one. Steps without one import none of this."""
