from metaflow import Config, FlowSpec, Run, step
from metaflow import NBDeployer as Store


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)


    @step
    def end(self):
        pass
