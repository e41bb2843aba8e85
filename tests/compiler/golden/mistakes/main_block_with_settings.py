import logging

from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if "__main__" == __name__:
    logging.basicConfig(level=logging.INFO)
    TrainFlow()
