from flowport import Config, FlowSpec, config_expr, resources, step


class TrainFlow(FlowSpec):
    both = Config("both", default="both.json", default_value={"cpu": 1})
    nameless = Config(default_value={"cpu": 1})
    misspelled = Config("misspelled", defalt_value={"cpu": 1})
    twice = Config("same", default_value={"cpu": 1})
    again = Config("same", default_value={"cpu": 2})
    number = Config("number", default=8)
    odd = Config("odd", help=3)
    positional = Config("positional", None, {"cpu": 1}, "help", False, None, False, True)

    @resources(cpu=config_expr("misspelled.cpu"))
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.both, self.nameless, self.twice, self.again, self.number, self.odd, self.positional)
