"""An arm of a switch is a loop; the other arm goes past it."""

from flowport import FlowSpec, Parameter, step


class LoopInSwitch(FlowSpec):
    text = Parameter("text", default="((()))")

    @step
    def start(self):
        self.left = self.text
        self.depth = 0
        self.kind = "nested" if self.text.startswith("(") else "flat"
        self.next({"nested": self.peel, "flat": self.leave}, condition="kind")

    @step
    def peel(self):
        self.left = self.left[1:-1]
        self.depth += 1
        self.state = "more" if self.left else "empty"
        self.next({"more": self.peel, "empty": self.peeled}, condition="state")

    @step
    def peeled(self):
        self.verdict = f"{self.depth} deep"
        self.next(self.end)

    @step
    def leave(self):
        self.verdict = "not nested"
        self.next(self.end)

    @step
    def end(self):
        pass
