from metaflow import FlowSpec, parallel, step


class TrainFlow(FlowSpec):
    @parallel
    @step
    def start(self):
        self.next(self.train)

    @parallel
    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass
