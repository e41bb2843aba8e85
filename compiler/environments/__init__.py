"""Locked environments of steps: which lock file belongs to which step."""
