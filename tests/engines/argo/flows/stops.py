"""A step that says that another try would not help."""

import os

from flowport import FlowSpec, retry, step


class Stops(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @retry(times=3, minutes_between_retries=0)
    @step
    def work(self):
        os._exit(78)
        self.next(self.end)

    @step
    def end(self):
        pass
