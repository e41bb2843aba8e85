from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.rows = 5
        self.next(self.a if self.rows else self.end)

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
