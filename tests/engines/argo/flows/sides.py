"""Two branches: one fails at once, the other one goes on to its end."""

import time

from flowport import FlowSpec, step


class Sides(FlowSpec):
    @step
    def start(self):
        self.next(self.bad, self.good)

    @step
    def bad(self):
        raise ValueError("this branch fails")
        self.next(self.both)

    @step
    def good(self):
        time.sleep(1)
        self.next(self.better)

    @step
    def better(self):
        self.next(self.both)

    @step
    def both(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
