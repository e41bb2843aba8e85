"""One task: a step on a slice, from its command to its commit."""
