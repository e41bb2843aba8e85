from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.state = 'good'
        self.next({(1, 2): self.again, "b": self.end}, condition="state")

    @step
    def again(self):
        self.next(self.end)

    @step
    def end(self):
        pass
