"""Both branches loop, one four times and one twice, before they join."""

from flowport import FlowSpec, step


class LoopInBranch(FlowSpec):
    @step
    def start(self):
        self.next(self.count_up, self.count_down)

    @step
    def count_up(self):
        self.value = 0
        self.next(self.up)

    @step
    def up(self):
        self.value += 1
        self.state = "again" if self.value < 4 else "enough"
        self.next({"again": self.up, "enough": self.up_done}, condition="state")

    @step
    def up_done(self):
        self.next(self.meet)

    @step
    def count_down(self):
        self.value = 2
        self.next(self.down)

    @step
    def down(self):
        self.value -= 1
        self.state = "again" if self.value > 0 else "enough"
        self.next({"again": self.down, "enough": self.down_done}, condition="state")

    @step
    def down_done(self):
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.values = (inputs.up_done.value, inputs.down_done.value)
        self.next(self.end)

    @step
    def end(self):
        pass
