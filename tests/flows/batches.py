"""A nested foreach whose slices straddle outer items, and a thousand small items in batches of 150 with two workers."""

from flowport import FlowSpec, step


class Batches(FlowSpec):
    @step
    def start(self):
        self.rows = [3, 0, 5, 1, 4]
        self.next(self.row, foreach="rows", batch=2)

    @step
    def row(self):
        self.cells = [f"{self.index}.{cell}" for cell in range(self.input)]
        self.next(self.cell, foreach="cells", batch=4)

    @step
    def cell(self):
        self.text = self.input
        self.next(self.row_done)

    @step
    def row_done(self, inputs):
        self.texts = [each.text for each in inputs]
        self.next(self.table)

    @step
    def table(self, inputs):
        self.texts = [each.texts for each in inputs]
        self.numbers = range(1000)
        self.next(self.square, foreach="numbers", batch=150, workers=2)

    @step
    def square(self):
        self.value = self.input * self.input + self.index
        self.next(self.sum_up)

    @step
    def sum_up(self, inputs):
        values = [each.value for each in inputs]
        self.squares = sum(values)
        self.in_order = values == sorted(values)
        self.merge_artifacts(inputs, include=["texts"])
        self.next(self.end)

    @step
    def end(self):
        self.sizes = [len(texts) for texts in self.texts]
