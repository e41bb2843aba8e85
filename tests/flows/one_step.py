"""A flow of one step, which is its start and its end."""

from flowport import FlowSpec, Parameter, step


class OneStep(FlowSpec):
    number = Parameter("number", type=int, default=20)

    @step(start=True, end=True)
    def everything(self):
        self.answer = self.number * 2 + 2
