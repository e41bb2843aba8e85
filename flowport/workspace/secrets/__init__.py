"""What a project says about the variables and secrets of its flows: tables of its settings, and a file on this machine."""
