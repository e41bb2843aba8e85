"""The deletion of old runs, and of blobs that nothing refers to: which runs go, how they are deleted, and what the others still need."""
