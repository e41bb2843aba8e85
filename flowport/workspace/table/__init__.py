"""Questions about the table of runs: which columns there are, which rows are wanted, and in which order."""
