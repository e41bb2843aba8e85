"""A decorator of the extension, which only Metaflow can run."""

from metaflow.decorators import StepDecorator


class OnLakeDecorator(StepDecorator):
    name = "on_lake"


OnLake = OnLakeDecorator
