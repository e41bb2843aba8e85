"""A loop inside a loop: bubble sort, a pass per outer turn and a pair per inner turn."""

from flowport import FlowSpec, step


class LoopInLoop(FlowSpec):
    @step
    def start(self):
        self.numbers = [3, 2, 1]
        self.swaps = []
        self.next(self.begin_pass)

    @step
    def begin_pass(self):
        self.place = 0
        self.changed = False
        self.next(self.compare)

    @step
    def compare(self):
        a, b = self.numbers[self.place : self.place + 2]
        if a > b:
            self.numbers[self.place : self.place + 2] = [b, a]
            self.swaps.append((a, b))
            self.changed = True
        self.place += 1
        self.inner = "next" if self.place < len(self.numbers) - 1 else "pass"
        self.next({"next": self.compare, "pass": self.end_pass}, condition="inner")

    @step
    def end_pass(self):
        self.outer = "unsorted" if self.changed else "sorted"
        self.next({"unsorted": self.begin_pass, "sorted": self.end}, condition="outer")

    @step
    def end(self):
        pass
