"""What the files of a flow import: the modules that go along, and names of `metaflow` that flowport does not have."""
