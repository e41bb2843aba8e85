"""A switch with numbers and booleans for cases, as Metaflow reads them, and a step that leads straight on for one of them."""

from flowport import FlowSpec, Parameter, step


class ConditionValues(FlowSpec):
    start_at = Parameter("start_at", type=int, default=2)

    @step
    def start(self):
        self.seen = []
        self.number = self.start_at
        self.next({1: self.one, 2: self.two, 3: self.end}, condition="number")

    @step
    def one(self):
        self.seen.append("one")
        self.big = False
        self.next(self.check)

    @step
    def two(self):
        self.seen.append("two")
        self.big = True
        self.next(self.check)

    @step
    def check(self):
        self.next({True: self.big_one, False: self.end}, condition="big")

    @step
    def big_one(self):
        self.seen.append("big")
        self.next(self.end)

    @step
    def end(self):
        self.text = " ".join(self.seen)
