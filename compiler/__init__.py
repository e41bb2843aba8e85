"""From the source of a flow to a plan, and from a plan to files. Knows no target."""
