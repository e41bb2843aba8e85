"""The code package: fetched, unpacked, cached, and how the flow's modules are imported from it."""
