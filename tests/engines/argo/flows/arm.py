"""An arm that fails before its arms meet."""

from flowport import FlowSpec, retry, step


class Arm(FlowSpec):
    @step
    def start(self):
        self.way = "a"
        self.next({"a": self.a, "b": self.b}, condition="way")

    @step
    def a(self):
        self.next(self.a_too)

    @retry(times=1, minutes_between_retries=0)
    @step
    def a_too(self):
        raise ValueError("this arm fails")
        self.next(self.end)

    @step
    def b(self):
        self.next(self.end)

    @step
    def end(self):
        pass
