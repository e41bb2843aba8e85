from flowport import FlowSpec, Parameter, step


class TrainFlow(FlowSpec):
    rate = Parameter("rate", default=0.1)

    @step
    def start(self):
        self.rate = self.rate / 2
        self.next(self.end)

    @step
    def end(self):
        pass
