from flowport import FlowSpec


class TrainFlow(FlowSpec):
    def start(self):
        pass
