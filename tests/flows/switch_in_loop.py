"""The body of a loop takes a switch every turn: the numbers of Collatz."""

from flowport import FlowSpec, Parameter, step


class SwitchInLoop(FlowSpec):
    first = Parameter("first", type=int, default=6)

    @step
    def start(self):
        self.number = self.first
        self.path = [self.number]
        self.next(self.look)

    @step
    def look(self):
        self.parity = "even" if self.number % 2 == 0 else "odd"
        self.next({"even": self.halve, "odd": self.grow}, condition="parity")

    @step
    def halve(self):
        self.number //= 2
        self.next(self.note)

    @step
    def grow(self):
        self.number = 3 * self.number + 1
        self.next(self.note)

    @step
    def note(self):
        self.path.append(self.number)
        self.state = "done" if self.number == 1 else "more"
        self.next({"more": self.look, "done": self.end}, condition="state")

    @step
    def end(self):
        self.turns = len(self.path) - 1
