from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.train)

    @step
    def train(self):
        self.merge_artifacts([])
        self.next(self.end)

    @step
    def end(self):
        pass
