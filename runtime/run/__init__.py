"""A run as a whole: how it starts, its parameters, and reading it afterwards."""
