from metaflow import FlowSpec, catch, step


class TrainFlow(FlowSpec):
    @catch
    @step
    def start(self):
        self.next(self.train, num_parallel=4)

    @step
    def train(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
