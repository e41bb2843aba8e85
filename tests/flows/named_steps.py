"""A flow without the base class, with a name of its own, whose first and last steps have names of their own."""

from flowport import Parameter, flow, step


@flow(name="Wörter-Zählen")
class Anything:
    text = Parameter("text", default="eins zwei")

    @step(start=True)
    def begin(self):
        self.words = self.text.split()
        self.next(self.finish)

    @step(end=True)
    def finish(self):
        self.count = len(self.words)
