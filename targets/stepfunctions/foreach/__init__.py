"""Foreaches on Step Functions: which become array jobs, and how many children of a map run at once."""
