"""Running the mutators of a flow: what starts their process, and what runs in it."""
