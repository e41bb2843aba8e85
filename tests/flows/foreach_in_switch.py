"""One arm of a switch fans out, the other does the work at once."""

from flowport import FlowSpec, Parameter, step


class ForeachInSwitch(FlowSpec):
    threshold = Parameter("threshold", type=int, default=3)

    @step
    def start(self):
        self.jobs = [5, 6, 7, 8]
        self.mode = "wide" if len(self.jobs) > self.threshold else "narrow"
        self.next({"wide": self.fan_out, "narrow": self.at_once}, condition="mode")

    @step
    def fan_out(self):
        self.next(self.square, foreach="jobs")

    @step
    def square(self):
        self.result = self.input**2
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [each.result for each in inputs]
        self.merge_artifacts(inputs, include=["jobs", "mode"])
        self.next(self.end)

    @step
    def at_once(self):
        self.results = [job**2 for job in self.jobs]
        self.next(self.end)

    @step
    def end(self):
        self.text = f"{self.mode}: {self.results}"
