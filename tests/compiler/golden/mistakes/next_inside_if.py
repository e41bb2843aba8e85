from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.rows = 5
        if self.rows > 3:
            self.next(self.train)
        else:
            self.next(self.end)

    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass
