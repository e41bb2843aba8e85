"""A loop in a batched foreach: items of one slice enter together and leave at different turns, and a foreach runs in the loop."""

from flowport import FlowSpec, step


class BatchedLoop(FlowSpec):
    @step
    def start(self):
        self.needs = [1, 3, 0, 2, 5, 1, 4]
        self.next(self.begin, foreach="needs", batch=3)

    @step
    def begin(self):
        self.need = self.input
        self.history = []
        self.next(self.check)

    @step
    def check(self):
        self.state = "enough" if len(self.history) >= self.need else "more"
        self.next({"more": self.work, "enough": self.leave}, condition="state")

    @step
    def work(self):
        self.halves = ["x", "y"][: 1 + self.need % 2]
        self.next(self.half, foreach="halves", batch=2)

    @step
    def half(self):
        self.letter = f"{self.input}{len(self.history)}"
        self.next(self.worked)

    @step
    def worked(self, inputs):
        self.merge_artifacts(inputs, include=["need", "history"])
        self.history = [*self.history, "".join(each.letter for each in inputs)]
        self.next(self.check)

    @step
    def leave(self):
        self.line = f"{self.index} {' '.join(self.history)}".strip()
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
