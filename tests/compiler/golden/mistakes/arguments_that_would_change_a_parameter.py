from flowport import FlowSpec, IncludeFile, Parameter, step


class TrainFlow(FlowSpec):
    rate = Parameter("learning-rate", default=0.1, prompt=True)
    rounds = Parameter("rounds", default=3, prompt=None)
    sizes = Parameter("sizes", type=int, nargs=2)
    words = Parameter("words", type=int, separator=",")
    table = IncludeFile("table", parser="loads")
    other = IncludeFile("other", parser=None)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
