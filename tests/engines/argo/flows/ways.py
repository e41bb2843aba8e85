"""A loop that is left by one of two ways, in a turn that a parameter names."""

from flowport import FlowSpec, Parameter, step


class Ways(FlowSpec):
    last = Parameter("last", type=int, default=3)
    way = Parameter("way", default="won")

    @step
    def start(self):
        self.turn = 0
        self.next(self.guess)

    @step
    def guess(self):
        self.turn += 1
        self.word = "resign" if self.way == "resigned" and self.turn == self.last else "number"
        self.next({"number": self.judge, "resign": self.resigned}, condition="word")

    @step
    def judge(self):
        self.answer = "won" if self.turn == self.last else "again"
        self.next({"again": self.guess, "won": self.won}, condition="answer")

    @step
    def resigned(self):
        self.next(self.end)

    @step
    def won(self):
        self.next(self.end)

    @step
    def end(self):
        pass
