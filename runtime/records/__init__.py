"""The documents of a run: reading, validating and committing them. Knows nothing of plans."""
