"""Parameters with the arguments of Metaflow and of click below it."""

import json
import os

import click
from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step


def describe(context):
    fields = ["flow_name", "parameter_name", "user_name", "ds_type", "logger", "configs"]
    context.logger(f"computing {context.parameter_name}")
    return json.dumps({"flow": context.flow_name, "name": context.parameter_name, "fields": [hasattr(context, name) for name in fields]})


def script_path(filename):
    return os.path.join(os.path.dirname(__file__), filename)


def lines(text):
    return [line.upper() for line in text.splitlines()]


class MoreParameters(FlowSpec):
    names = Parameter("names", separator=",", default="x,y")
    places = Parameter("places", separator="; ")
    empty = Parameter("empty", separator=",", default="")
    colours = Parameter("colours", multiple=True)
    sizes = Parameter("sizes", multiple=True, type=int, default=[1, 2])
    fast = Parameter("fast", is_flag=True, default=False)
    dry = Parameter("dry", is_flag=True, hidden=True)
    mode = Parameter("mode", type=click.Choice(["slow", "quick"]), default="slow", metavar="MODE")
    path = Parameter("path", type=click.Path(), default="a/b", show_default=False)
    rounds = Parameter("rounds", type=click.INT, envvar="FLOWPORT_TEST_ROUNDS", default=3)
    about = Parameter("about", type=JSONType, default=describe)
    half = Parameter("half", type=float, default=lambda context: 0.5)
    stage = Parameter("stage", default=lambda context, deploy_time: f"deployed: {deploy_time}")
    greeting = IncludeFile("greeting", default=script_path("greeting.txt"), parser=lines)
    length = IncludeFile("length", default="greeting.txt", is_text=False, parser="builtins.len")
    computed = IncludeFile("computed", default=lambda context: "greeting.txt")

    @step
    def start(self):
        self.texts = [self.names, self.places, self.empty]
        self.several = [self.colours, self.sizes]
        self.flags = [self.fast, self.dry]
        self.types = [self.mode, self.path, self.rounds]
        self.functions = [self.about, self.half, self.stage]
        self.files = [self.greeting, self.length, self.computed]
        self.same = self.greeting is self.greeting
        self.next(self.end)

    @step
    def end(self):
        self.again = self.greeting


if __name__ == "__main__":
    MoreParameters()
