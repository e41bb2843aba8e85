"""Lock files are written, and what a run on this machine needs of them is made."""
