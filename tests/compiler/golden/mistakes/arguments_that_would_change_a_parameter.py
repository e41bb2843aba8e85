from flowport import FlowSpec, IncludeFile, Parameter, step


class TrainFlow(FlowSpec):
    rate = Parameter("learning-rate", default=0.1, envvar="RATE")
    rounds = Parameter("rounds", default=3, envvar=None)
    table = IncludeFile("table", parser="json.loads")
    other = IncludeFile("other", parser=None)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
