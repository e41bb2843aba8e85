"""The decorators that serve models beside a step, one per file, and what they share."""
