from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self, inputs, rate):
        self.next(self.end)

    @step
    def end(self):
        pass
