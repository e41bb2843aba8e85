"""Who is told that a run has ended: the settings `on_success` and `on_failure`, which all targets have."""
