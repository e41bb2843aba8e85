from flowport import FlowSpec, environment, step


class TrainFlow(FlowSpec):
    @environment(vars={"PATHS": ["a", "b"]})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
