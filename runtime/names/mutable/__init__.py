"""What mutators get to change a flow with: its steps, parameters and decorators as they were noted. Tasks import none of it."""
