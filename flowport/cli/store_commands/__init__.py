"""The commands that read a store: one module for each, with its `COMMAND`."""
