"""A step that takes longer than it may."""

import time

from flowport import FlowSpec, step, timeout


class Late(FlowSpec):
    @timeout(seconds=1)
    @step
    def start(self):
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass
