"""A step that takes too long is stopped and caught; the items beside it finish."""

import time

from flowport import FlowSpec, catch, step, timeout


class TimedOut(FlowSpec):
    @step
    def start(self):
        self.waits = [0, 30, 0.01]
        self.next(self.wait, foreach="waits")

    @catch(var="late", print_exception=False)
    @timeout(seconds=1)
    @step
    def wait(self):
        time.sleep(self.input)
        self.waited = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.waited = [None if each.late else each.waited for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
