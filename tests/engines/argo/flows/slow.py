"""A step that takes a while, and can be looked at or taken away meanwhile."""

import time

from flowport import FlowSpec, Parameter, retry, step


class Slow(FlowSpec):
    seconds = Parameter("seconds", type=float, default=0.5)

    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        self.square = self.input**2
        self.next(self.add)

    @step
    def add(self, inputs):
        self.squares = [each.square for each in inputs]
        self.next(self.wait)

    @retry(times=1, minutes_between_retries=0)
    @step
    def wait(self):
        time.sleep(self.seconds)
        self.next(self.end)

    @step
    def end(self):
        pass
