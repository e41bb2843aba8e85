"""Flows on engines, from Python: they are deployed, started, followed and stopped."""
