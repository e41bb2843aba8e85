from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step(start=True)
    def load(self):
        self.next(self.end)

    @step(start=True)
    def fetch(self):
        self.next(self.end)

    @step
    def end(self):
        pass
