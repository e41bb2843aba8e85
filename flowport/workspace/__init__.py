"""What flowport does with a folder of flows: its settings, its flow files, the stores of its runs, and how a run is started.

A command line, a Python client and a user interface stand on this. It prints nothing: it returns values, and raises `WorkspaceError`.
"""
