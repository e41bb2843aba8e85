"""A loop in a foreach, of which only one step has variables of its own and may be tried again; steps are called as people call classes."""

import os

from flowport import FlowSpec, environment, resources, retry, step

MODE = "TEST_MODE"


class AloneInALoop(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2]
        self.next(self.Turn, foreach="numbers")

    @retry(times=1, minutes_between_retries=0)
    @environment(vars={MODE: "on"})
    @step
    def Turn(self):
        self.modes = [*getattr(self, "modes", []), os.environ.get(MODE, "off")]
        self.next(self.look)

    @step
    def look(self):
        self.modes.append(os.environ.get(MODE, "off"))
        self.over = "yes" if len(self.modes) > self.input * 2 else "no"
        self.next({"yes": self.Done, "no": self.Turn}, condition="over")

    @resources(memory=512)
    @step
    def Done(self):
        self.modes.append(os.environ.get(MODE, "off"))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.modes = [each.modes for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
