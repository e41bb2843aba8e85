"""Steps and parameters come from a base flow in another file, a method from a mixin; one step is written here."""

from shared_parts.base import Counted, Reporting

from flowport import Parameter, step


class Inherited(Counted, Reporting):
    mice = Parameter("mice", default=3)

    @step
    def work(self):
        self.lines += [self.plural("mouse", self.mice), self.plural("cat", 1)]
        self.next(self.end)
