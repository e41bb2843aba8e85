"""Joins that are a foreach, a branch and a switch themselves."""

from flowport import FlowSpec, step


class JoinsThatGoOn(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.found = [1, 2]
        self.next(self.joined)

    @step
    def b(self):
        self.found = [3]
        self.next(self.joined)

    @step
    def joined(self, inputs):
        self.all_found = inputs.a.found + inputs.b.found
        self.next(self.double, foreach="all_found")

    @step
    def double(self):
        self.doubled = self.input * 2
        self.next(self.split_again)

    @step
    def split_again(self, inputs):
        self.numbers = [each.doubled for each in inputs]
        self.next(self.least, self.most)

    @step
    def least(self):
        self.chosen = min(self.numbers)
        self.next(self.weigh)

    @step
    def most(self):
        self.chosen = max(self.numbers)
        self.next(self.weigh)

    @step
    def weigh(self, inputs):
        self.spread = inputs.most.chosen - inputs.least.chosen
        self.width = "wide" if self.spread > 3 else "tight"
        self.next({"wide": self.narrow, "tight": self.end}, condition="width")

    @step
    def narrow(self):
        self.spread -= 1
        self.next(self.end)

    @step
    def end(self):
        self.text = f"{self.width} {self.spread}"
