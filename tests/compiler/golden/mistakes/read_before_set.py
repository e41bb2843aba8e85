from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.rows = 3
        self.next(self.train)

    @step
    def train(self):
        print(self.rows, self.modle)
        self.model = 2
        self.next(self.end)

    @step
    def end(self):
        pass
