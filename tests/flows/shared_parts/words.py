"""Words with a plural of their own."""

PLURALS = {"mouse": "mice", "foot": "feet"}
