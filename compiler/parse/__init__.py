"""Source -> Flow: the flow class, its steps and transitions, its parameters, and the digest of each step."""
