"""Items of one slice take different arms, and an arm fans out again in batches."""

from flowport import FlowSpec, step


class BatchedSwitch(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range(10))
        self.next(self.sort_out, foreach="numbers", batch=4)

    @step
    def sort_out(self):
        self.number = self.input
        self.kind = ["plain", "list", "skip"][self.number % 3]
        self.next({"plain": self.plain, "list": self.fan_out, "skip": self.done}, condition="kind")

    @step
    def plain(self):
        self.result = -self.number
        self.next(self.done)

    @step
    def fan_out(self):
        self.parts = list(range(self.number // 2))
        self.next(self.part, foreach="parts", batch=3)

    @step
    def part(self):
        self.piece = (self.number, self.input)
        self.next(self.parts_done)

    @step
    def parts_done(self, inputs):
        self.result = [each.piece for each in inputs]
        self.next(self.done)

    @step
    def done(self):
        self.line = (self.index, getattr(self, "result", "skipped"))
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
