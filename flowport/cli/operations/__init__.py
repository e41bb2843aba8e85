"""The commands that change or ask an engine, each in the module of its name."""
