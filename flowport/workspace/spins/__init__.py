"""Spins: which item of which run is run again, how that is started, and how its results differ from those of the run."""
