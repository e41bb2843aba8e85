from flowport import FlowSpec, Parameter, step


class TrainFlow(FlowSpec):
    kind = Parameter("kind", choices=["tree", "forest"], default="forrest")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
