"""The tasks of a run while it runs, for readers that look again and again: `tasks.LiveRun`."""
