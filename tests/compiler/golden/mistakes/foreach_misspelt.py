from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.train, for_each="items")

    @step
    def train(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
