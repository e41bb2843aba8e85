"""The decorators of steps: one file each, listed in `registry`."""
