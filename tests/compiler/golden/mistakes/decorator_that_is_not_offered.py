import metaflow.plugins.airflow
from metaflow import FlowSpec, step, titus


class TrainFlow(FlowSpec):
    @titus
    @step
    def start(self):
        print(metaflow.plugins.airflow)
        self.next(self.end)


    @step
    def end(self):
        pass
