"""The processes of a task: how they start, end and communicate, and the log of their output. Knows nothing of flows."""
