"""Every item of a foreach goes through two branches and a join of its own."""

from flowport import FlowSpec, step


class BranchInForeach(FlowSpec):
    @step
    def start(self):
        self.words = ["one", "two", "three"]
        self.next(self.each, foreach="words")

    @step
    def each(self):
        self.word = self.input
        self.next(self.length, self.shout)

    @step
    def length(self):
        self.result = len(self.word)
        self.next(self.both)

    @step
    def shout(self):
        self.result = self.word.upper()
        self.next(self.both)

    @step
    def both(self, inputs):
        self.pair = (self.index, inputs.length.result, inputs.shout.result)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.pairs = [each.pair for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.longest = max(self.pairs, key=lambda pair: pair[1])[2]
