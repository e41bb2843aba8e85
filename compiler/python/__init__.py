"""Python source that is read and never run: files, the modules of a flow, what their names stand for, and classes."""
