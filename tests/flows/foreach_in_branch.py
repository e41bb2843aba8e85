"""One branch fans out and joins; the other waits for it in the outer join."""

from flowport import FlowSpec, step


class ForeachInBranch(FlowSpec):
    @step
    def start(self):
        self.next(self.list_files, self.read_limit)

    @step
    def list_files(self):
        self.files = ["a.csv", "bb.csv", "ccc.csv"]
        self.next(self.measure, foreach="files")

    @step
    def measure(self):
        self.size = len(self.input) * 10
        self.next(self.total)

    @step
    def total(self, inputs):
        self.sizes = [each.size for each in inputs]
        self.next(self.compare)

    @step
    def read_limit(self):
        self.limit = 60
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        self.over = [size for size in self.sizes if size > self.limit]
