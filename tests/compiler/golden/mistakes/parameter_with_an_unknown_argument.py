from flowport import FlowSpec, Parameter, step


class TrainFlow(FlowSpec):
    depth = Parameter("depth", defualt=3)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
