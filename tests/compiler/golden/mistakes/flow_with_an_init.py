from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    def __init__(self, use_cli=True):
        self.scale = 10
        super().__init__(use_cli)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
