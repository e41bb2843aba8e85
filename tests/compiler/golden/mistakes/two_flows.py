from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        pass


class ScoreFlow(FlowSpec):
    @step
    def start(self):
        pass
