"""A foreach over nothing: the join runs once, with no inputs, and what comes after it runs as always."""

from flowport import FlowSpec, Parameter, step


class EmptyForeach(FlowSpec):
    limit = Parameter("limit", type=int, default=0)

    @step
    def start(self):
        self.files = ["a", "b"][: self.limit]
        self.next(self.read, foreach="files")

    @step
    def read(self):
        self.content = self.input * 3
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.contents = [each.content for each in inputs]
        self.count = len(list(inputs))
        self.next(self.end)

    @step
    def end(self):
        self.text = f"{self.count} files, {self.limit} wanted"
