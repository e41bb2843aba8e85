from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.state = 1
        self.next({True: self.again, 1: self.end}, condition="state")

    @step
    def again(self):
        self.next(self.end)

    @step
    def end(self):
        pass
