"""Values that are too big to stand beside the others: bytes, an array, and the same array in every item of a foreach."""

import hashlib

import numpy as np

from flowport import FlowSpec, step


class BigValues(FlowSpec):
    @step
    def start(self):
        self.blob = bytes(range(256)) * 1024
        self.table = np.arange(60_000, dtype=np.int64).reshape(300, 200)
        self.columns = [0, 7, 199]
        self.next(self.column, foreach="columns", batch=2)

    @step
    def column(self):
        self.total = int(self.table[:, self.input].sum())
        self.piece = self.table[:100] + self.input
        self.next(self.stack)

    @step
    def stack(self, inputs):
        self.totals = [each.total for each in inputs]
        self.stacked = np.vstack([each.piece for each in inputs])
        self.merge_artifacts(inputs, include=["blob", "table"])
        self.table[0, 0] = -1
        self.next(self.end)

    @step
    def end(self):
        self.digest = hashlib.sha256(self.blob).hexdigest()[:16]
        self.shape = self.stacked.shape
        self.sum = int(self.stacked.sum())
        self.changed = int(self.table[0, 0])
