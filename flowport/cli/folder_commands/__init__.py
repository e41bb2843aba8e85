"""Commands about all flows of a folder: which of them compile, and which start which."""
