from metaflow import Config, FlowSpec, Run, step
from metaflow import S3 as Store


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)


    @step
    def end(self):
        pass
