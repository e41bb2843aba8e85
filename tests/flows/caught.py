"""Errors that are caught: in some items of a foreach, after retries, and read again in the join."""

from flowport import FlowSpec, catch, current, retry, step


class Caught(FlowSpec):
    @step
    def start(self):
        self.divisors = [1, 0, 4, "x"]
        self.next(self.divide, foreach="divisors")

    @catch(var="problem", print_exception=False)
    @step
    def divide(self):
        self.started = True
        self.result = 12 / self.input
        self.next(self.after)

    @step
    def after(self):
        self.text = "caught" if self.problem else f"{self.result:g}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.texts = [each.text for each in inputs]
        self.started = all(each.started for each in inputs)
        self.caught = [each.input for each in inputs if each.problem]
        self.next(self.stubborn)

    @catch(var="gave_up", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def stubborn(self):
        raise RuntimeError(f"never works, try {current.retry_count}")
        self.next(self.end)

    @step
    def end(self):
        self.stubborn_failed = bool(self.gave_up)
