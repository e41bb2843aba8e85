"""Runs a compiled flow on this machine: a coordinator, a server that starts tasks, and one process for each task."""
