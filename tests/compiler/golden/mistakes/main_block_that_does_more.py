import logging

from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


def main():
    logging.basicConfig()
    TrainFlow()


if __name__ == "__main__":
    main()
