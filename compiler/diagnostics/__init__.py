"""Diagnostics, the long text of each code, suggestions for misspelled names, and output formats."""
