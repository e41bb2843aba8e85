from flowport import FlowSpec, resources, step

MEMORY = 1000
MEMORY = 2000


class TrainFlow(FlowSpec):
    @resources(memory=MEMORY)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
