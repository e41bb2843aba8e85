from metaflow import FlowSpec, step
from metaflow.client import Run
from metaflow.parameters import Parameter


class TrainFlow(FlowSpec):
    depth = Parameter("depth", default=3)

    @step
    def start(self):
        print(Run("TrainFlow/1"))
        self.next(self.end)


    @step
    def end(self):
        pass
