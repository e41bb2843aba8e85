"""A loop with three ways out, one of them in the middle of its body; items leave by different ones and meet again."""

from flowport import FlowSpec, step


class LoopExits(FlowSpec):
    @step
    def start(self):
        self.guesses = [[50, 75, 62], [10, 20, 30, 40], [90, "resign"], [62]]
        self.next(self.begin, foreach="guesses")

    @step
    def begin(self):
        self.left = self.input
        self.log = []
        self.next(self.guess)

    @step
    def guess(self):
        self.number, self.left = self.left[0], self.left[1:]
        self.word = "resign" if self.number == "resign" else "number"
        self.next({"number": self.judge, "resign": self.resigned}, condition="word")

    @step
    def judge(self):
        self.log = [*self.log, "low" if self.number < 62 else "high" if self.number > 62 else "right"]
        self.answer = "won" if self.log[-1] == "right" else "again" if self.left else "lost"
        self.next({"again": self.guess, "won": self.won, "lost": self.lost}, condition="answer")

    @step
    def resigned(self):
        self.result = "resigned"
        self.next(self.note)

    @step
    def won(self):
        self.result = f"won after {len(self.log)}"
        self.next(self.note)

    @step
    def lost(self):
        self.result = "lost"
        self.next(self.note)

    @step
    def note(self):
        self.line = f"{self.index}: {self.result} {self.log}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
