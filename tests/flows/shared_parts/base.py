"""A base flow with a parameter and the first and last steps, and a mixin with a method that steps call."""

from flowport import FlowSpec, Parameter, step
from shared_parts.words import PLURALS


class Counted:
    """A plain class: its method is no step."""

    def plural(self, word, number):
        return f"{number} {PLURALS.get(word, word + 's') if number != 1 else word}"


class Reporting(FlowSpec):
    title = Parameter("title", default="report")

    @step
    def start(self):
        self.lines = [self.title]
        self.next(self.work)

    @step
    def end(self):
        self.text = "; ".join(self.lines)
