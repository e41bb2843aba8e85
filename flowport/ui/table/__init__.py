"""The table of runs and the plots of metrics on the page."""
