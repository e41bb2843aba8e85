"""What happens when a run has ended: its exit hooks are called, and receivers are told how it ended."""
