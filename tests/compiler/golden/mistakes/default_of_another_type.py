from flowport import FlowSpec, Parameter, step


class TrainFlow(FlowSpec):
    depth = Parameter("depth", type=int, default="deep")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
