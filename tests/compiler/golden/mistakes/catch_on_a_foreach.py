from flowport import FlowSpec, catch, step


class TrainFlow(FlowSpec):
    @catch
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.train, foreach="items")

    @step
    def train(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
