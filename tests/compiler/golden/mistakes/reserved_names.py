from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.input = 3
        self.next(self.name)

    @step
    def name(self):
        self.next(self.end)

    @step
    def end(self):
        pass
