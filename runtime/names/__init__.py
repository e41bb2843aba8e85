"""The names that a flow imports, also as `metaflow`. Imports nothing else from the runtime."""
