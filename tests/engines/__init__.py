"""Flows on the engines: the emitted files, run by the engines themselves or by their emulators."""
