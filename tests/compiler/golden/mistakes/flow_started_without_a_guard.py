from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


def main():
    TrainFlow()


other = TrainFlow(use_cli=False)
main()
try:
    TrainFlow()
except KeyboardInterrupt:
    pass
