"""Every turn of a loop splits into branches; the join decides whether there is another turn."""

from flowport import FlowSpec, step


class BranchInLoop(FlowSpec):
    @step
    def start(self):
        self.turn = 0
        self.low, self.high = 0, 100
        self.next(self.halve)

    @step
    def halve(self):
        self.middle = (self.low + self.high) // 2
        self.next(self.below, self.above)

    @step
    def below(self):
        self.holds = self.middle * self.middle <= 1000
        self.next(self.narrow)

    @step
    def above(self):
        self.holds = self.middle * self.middle > 1000
        self.next(self.narrow)

    @step
    def narrow(self, inputs):
        self.merge_artifacts(inputs, include=["turn", "low", "high", "middle"])
        if inputs.below.holds:
            self.low = self.middle
        if inputs.above.holds:
            self.high = self.middle
        self.turn += 1
        self.state = "found" if self.high - self.low == 1 else "search"
        self.next({"search": self.halve, "found": self.end}, condition="state")

    @step
    def end(self):
        self.root = self.low
