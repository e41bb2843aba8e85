"""Every turn of a loop fans out over the list that the turn before made, until a turn has nothing to fan out over."""

from flowport import FlowSpec, Parameter, step


class ForeachInLoop(FlowSpec):
    first = Parameter("first", type=int, default=3)

    @step
    def start(self):
        self.children = [self.first, 1]
        self.next(self.expand)

    @step
    def expand(self):
        self.parents = self.children
        self.next(self.grow, foreach="parents")

    @step
    def grow(self):
        self.children = list(range(self.input))
        self.next(self.harvest)

    @step
    def harvest(self, inputs):
        self.families = [each.children for each in inputs]
        self.children = [child for family in self.families for child in family]
        self.state = "again" if self.families else "extinct"
        self.next({"again": self.expand, "extinct": self.end}, condition="state")

    @step
    def end(self):
        self.verdict = f"{self.state} after a family of {self.first}"
