"""The decorators of flows: one file each, listed in `registry`."""
