"""Amazon ECS as the compute of a flow: its task definitions, the states that run tasks of them, and what ECS refuses."""
