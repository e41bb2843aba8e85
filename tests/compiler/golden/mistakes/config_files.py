from metaflow import Config, FlowSpec, Parameter, resources, step


class TrainFlow(FlowSpec):
    absent = Config("absent", default="absent.json")
    folder = Config("folder", default="configs")
    required = Config("required", required=True)
    malformed = Config("malformed", default="configs/malformed.json")
    toml = Config("toml", default="configs/malformed.toml")
    yaml = Config("yaml", default="configs/malformed.yaml")
    named = Config("named", default="configs/malformed.json", parser="tomllib.loads")
    text = Config("text", default_value="not JSON")
    listed = Config("listed", default="configs/list.json")
    day = Config("day", default="configs/day.toml")
    rate = Parameter("rate", default=absent.rate)

    @resources(cpu=malformed.cpu)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        print(self.absent.rate)
