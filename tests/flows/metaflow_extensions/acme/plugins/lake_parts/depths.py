"""How deep lakes are."""

DEPTH = 12
