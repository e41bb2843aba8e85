"""What a deployment makes for the kind of compute of a profile, and what it needs there."""
