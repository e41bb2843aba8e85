"""A client of a lake, which steps import as `metaflow.plugins.lake`."""

from metaflow import current
from metaflow.exception import MetaflowException
from metaflow.plugins.lake_parts.depths import DEPTH


class Dry(MetaflowException):
    headline = "the lake is dry"


class Lake:
    def __init__(self, name):
        if not name:
            raise Dry("there is no water")
        self.name, self.depth = name, DEPTH

    def __str__(self):
        return f"{self.name} of {current.step_name}, {self.depth} m"
