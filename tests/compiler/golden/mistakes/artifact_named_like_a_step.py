from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.model)

    @step
    def model(self):
        self.model = 3
        self.next({1: self.model, 2: self.end}, condition="model")

    @step
    def end(self):
        pass
