"""Runs tasks, in containers and on your machine. Imports nothing from the compiler or the targets."""
