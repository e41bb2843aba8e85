from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.train, foreach="items")

    @step
    def train(self):
        self.good = True
        self.next({True: self.join, False: self.report}, condition="good")

    @step
    def join(self, inputs):
        self.next(self.report)

    @step
    def report(self):
        self.next(self.end)

    @step
    def end(self):
        pass
