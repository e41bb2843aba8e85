"""Configs in decorators, in the default of a parameter, in `self.next` and in steps: JSON, TOML, and a parser of the flow's own."""

import json
import os

from metaflow import (
    Config,
    ConfigValue,
    FlowSpec,
    JSONType,
    Parameter,
    config_expr,
    current,
    environment,
    resources,
    retry,
    step,
    timeout,
)


def pairs(text):
    return {line.split("=")[0].strip(): line.split("=")[1].strip() for line in text.splitlines()}


def doubled(number):
    return 2 * number


def last_fruit(context):
    for name in context.configs.config.fruit:
        last = name
    return last


class ConfiguredFlow(FlowSpec):
    config = Config("config", default="configured.json")
    words = Config("words", default="configured.toml", parser="tomllib.loads")
    colours = Config("colours", default_value="apples = red\npears = green", parser=pairs)
    absent = Config("absent")
    raw = Config("raw", default_value="a, b", plain=True)

    first = Parameter("first", default=config.fruit[0])
    tax = Parameter("tax", type=int, default=config_expr("int(config.environment.TAX)"))
    last = Parameter("last", default=last_fruit)
    prices = Parameter("prices", type=JSONType, default=config.prices)

    @environment(vars=config_expr("config.environment"))
    @timeout(minutes=config.limits.minutes)
    @step
    def start(self):
        self.shop = os.environ["SHOP"], os.environ["TAX"]
        self.fruit = self.config.fruit
        self.next(self.weigh, foreach="fruit", batch=self.config.batch)

    @retry(times=config["limits"]["retries"], minutes_between_retries=0)
    @resources(memory=config_expr("doubled(256)"))
    @step
    def weigh(self):
        self.cost = self.config.prices[self.input] * (100 + self.tax) / 100
        self.colour = self.colours.get(self.input, "no colour")
        self.next(self.total)

    @step
    def total(self, inputs):
        self.costs = {name: one.cost for name, one in zip(inputs[0].config.fruit, inputs)}
        self.colour_names = [one.colour for one in inputs]
        self.shop = inputs[0].shop
        self.limits = self.config.limits
        self.next(self.end)

    @step
    def end(self):
        self.kinds = type(self.config) is type(self.limits) is ConfigValue, isinstance(self.limits, dict)
        self.dumped = json.loads(json.dumps(self.config)) == self.config.to_dict() == dict(self.config)
        self.keys = [*self.config], len(self.config), "fruit" in self.config, "nuts" in self.config
        self.parameter_names = sorted(current.parameter_names)
        self.greeting = f"{self.last} {self.words.greeting} {self.first} {self.absent} {self.raw}"
        try:
            self.config.batch = 3
        except TypeError as error:
            self.refused = str(error)


if __name__ == "__main__":
    ConfiguredFlow()
