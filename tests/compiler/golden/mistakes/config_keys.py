from metaflow import Config, FlowSpec, Parameter, config_expr, environment, resources, retry, schedule, step, timeout


def traced(name):
    return lambda function: function


@schedule(cron=config_expr("config.cron"))
class TrainFlow(FlowSpec):
    config = Config("config", default_value={"resources": {"memory": 4096}, "rate": 0.1, "items": 3})
    none = Config("none")
    rate = Parameter("rate", default=config.rte)

    @resources(memory=config.resources.memori)
    @step
    def start(self):
        self.next(self.train)

    @traced(config.resources.name)
    @traced(config_expr("config.title"))
    @resources(memory=config["resource"]["memory"])
    @timeout(seconds=none.seconds)
    @step
    def train(self):
        self.next(self.end)

    @retry(times=config_expr("config.retries + 1"))
    @environment(vars={"NAME": config_expr("confg.name")})
    @resources(cpu=config.items)
    @step
    def end(self):
        print(self.rate, self.none)
