from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.state = 'good'
        self.next({"good": self.end, "bad": self.again})

    @step
    def again(self):
        self.next(self.end)

    @step
    def end(self):
        pass
