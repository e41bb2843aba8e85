"""Flows that start one another: what started a run, and the graph of the flows of a folder."""
