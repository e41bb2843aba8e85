"""Flows on the local engine of Argo."""
