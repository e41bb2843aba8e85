"""Steps that fail first and succeed when tried again: alone, and for some items of a batched foreach."""

from flowport import FlowSpec, current, retry, step


class Retried(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count < 2:
            raise RuntimeError(f"try {current.retry_count} fails")
        self.tries = current.retry_count + 1
        self.numbers = [0, 1, 2, 3, 4]
        self.next(self.each, foreach="numbers", batch=3)

    @retry(times=1, minutes_between_retries=0)
    @step
    def each(self):
        if self.input % 2 and current.retry_count == 0:
            raise ValueError(f"{self.input} is odd")
        self.result = (self.input, current.retry_count)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.results = [each.result for each in inputs]
        self.merge_artifacts(inputs, include=["tries"])
        self.next(self.end)

    @step
    def end(self):
        pass
