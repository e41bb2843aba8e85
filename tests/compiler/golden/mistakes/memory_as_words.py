from flowport import FlowSpec, resources, step


class TrainFlow(FlowSpec):
    @resources(memory="16 GB")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
