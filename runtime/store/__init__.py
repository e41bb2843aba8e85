"""Stores, keys, and the encoding of values. Knows nothing of flows, runs and tasks."""
