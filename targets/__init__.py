"""One folder per engine: from a plan to the files of that engine."""
