"""The code package: fetched, unpacked and cached, and the import of the flow's modules from it."""
