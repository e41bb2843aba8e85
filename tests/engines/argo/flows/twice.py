"""A step that raises, is killed as by a lack of memory, and then succeeds."""

import os
import signal

from flowport import FlowSpec, current, retry, step


class Twice(FlowSpec):
    @step
    def start(self):
        self.next(self.work)

    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count == 0:
            raise ValueError("the first time")
        if current.retry_count == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        self.tries = current.retry_count + 1
        self.next(self.end)

    @step
    def end(self):
        pass
