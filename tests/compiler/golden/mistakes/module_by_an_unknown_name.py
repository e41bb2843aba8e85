import os
from importlib import import_module

from flowport import FlowSpec, step

READERS = {"csv": "readers.csv", "json": "readers.json"}


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.kind = "csv"
        self.rows = import_module(READERS[self.kind]).rows()
        self.next(self.train)

    @step
    def train(self):
        model = import_module(f"models.{self.kind}")
        other = __import__(os.environ.get("MODEL", "models"))
        import_module(f"sklearn.{self.kind}")
        self.fitted = [model.fit(self.rows), other.fit(self.rows)]
        self.next(self.end)

    @step
    def end(self):
        print(self.fitted)
