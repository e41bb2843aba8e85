from flowport import FlowSpec, Parameter, retry, step


class TrainFlow(FlowSpec):
    rate = Parameter("rate", type=int, default="x")

    @retry(time=1)
    @step
    def start(self):
        self.rate = 3
        self.next(self.trian)

    @step
    def train(self):
        print('x')

    @step
    def end(self):
        pass
