"""A foreach over the single key of a dictionary, with a body of two steps."""

from flowport import FlowSpec, step


class OneItem(FlowSpec):
    @step
    def start(self):
        self.only = {"key": "value"}
        self.next(self.first, foreach="only")

    @step
    def first(self):
        self.value = self.only[self.input]
        self.next(self.second)

    @step
    def second(self):
        self.text = f"{self.input}={self.value} at {self.index}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        (only,) = inputs
        self.text = only.text
        self.next(self.end)

    @step
    def end(self):
        pass
