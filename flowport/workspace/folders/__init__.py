"""All flows below a folder: where they are, which of them compile, and what stops the others."""
