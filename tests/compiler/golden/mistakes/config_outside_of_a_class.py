import metaflow
from metaflow import Config, FlowSpec, retry, step

settings = Config("settings", default="settings.json")


def times():
    return metaflow.config_expr("settings.times")


class Doubled(metaflow.FlowMutator):
    pass


class TrainFlow(FlowSpec):
    more = metaflow.Config("more", default="more.json")

    @retry(times=3)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(settings, self.more)
