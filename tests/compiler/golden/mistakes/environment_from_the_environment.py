import os

from flowport import FlowSpec, environment, step


class TrainFlow(FlowSpec):
    @environment(vars={"TOKEN": os.environ["TOKEN"].strip()})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
