"""Resources, an environment, a pod, a schedule, and decorators of the user's own that run in the task."""

import functools
import os

from flowport import FlowSpec, environment, kubernetes, resources, schedule, step


def noted(function):
    """Notes which steps ran through it."""

    @functools.wraps(function)
    def wrapper(self, *arguments):
        self.notes = [*getattr(self, "notes", []), function.__name__]
        return function(self, *arguments)

    return wrapper


def with_unit(unit):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(self):
            self.unit = unit
            function(self)

        return wrapper

    return decorate


@schedule(cron="0 0 29 2 *", timezone="Europe/Berlin")
class Decorated(FlowSpec):
    @environment(vars={"GREETING": "hello", "TARGET": "world"})
    @step
    @noted
    def start(self):
        self.greeting = f"{os.environ['GREETING']} {os.environ['TARGET']}"
        self.next(self.heavy)

    @resources(cpu=2, memory=2048)
    @kubernetes(
        labels={"weight": "heavy"},
        node_selector={"kubernetes.io/os": "linux"},
        tolerations=[{"key": "heavy", "operator": "Exists", "tolerationSeconds": 60, "effect": "NoExecute"}],
    )
    @step
    @with_unit("kg")
    @noted
    def heavy(self):
        self.weight = 5
        self.leaked = os.environ.get("GREETING")
        self.next(self.end)

    @step
    @noted
    def end(self):
        self.text = f"{self.weight} {self.unit}"
