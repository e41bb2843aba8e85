"""Flows that start one another: the graph of several flows, what is wrong with it, and what follows from one of them."""
