"""The configs of flows: where their values come from, and the process that runs parsers of the user's own."""
