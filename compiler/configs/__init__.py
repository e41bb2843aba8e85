"""The configs of a flow: which it has, where their values come from, and how these are read."""
