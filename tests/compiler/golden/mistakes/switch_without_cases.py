from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.state = 'good'
        self.next({}, condition="state")

    @step
    def end(self):
        pass
