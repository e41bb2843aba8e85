from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.state = 1
        self.next({1: self.again, "1": self.other, 2: self.end}, condition="state")

    @step
    def again(self):
        self.next(self.end)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass
