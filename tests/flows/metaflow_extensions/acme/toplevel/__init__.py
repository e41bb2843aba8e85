"""Says which module has the names that the extension adds to `metaflow`."""

toplevel = "names"
