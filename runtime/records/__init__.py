"""The documents of a run: reading, checking and committing them. Knows no plan."""
