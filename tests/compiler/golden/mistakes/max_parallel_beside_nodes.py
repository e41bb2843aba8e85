from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end, num_parallel=4, max_parallel=2)

    @step
    def end(self):
        pass
