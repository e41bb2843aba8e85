"""What a run of a flow would need of an engine, and what it would take over from an earlier run; nothing is changed."""
