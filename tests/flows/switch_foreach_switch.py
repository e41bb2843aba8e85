"""Three deep: a foreach in an arm of a switch in a foreach, with a switch inside it."""

from flowport import FlowSpec, step


class SwitchForeachSwitch(FlowSpec):
    @step
    def start(self):
        self.orders = [{"pieces": [1, 2, 3]}, {"pieces": []}, {"gift": 9}, {"pieces": [4]}]
        self.next(self.order, foreach="orders")

    @step
    def order(self):
        self.kind = "gift" if "gift" in self.input else "goods"
        self.next({"gift": self.wrap, "goods": self.unpack}, condition="kind")

    @step
    def wrap(self):
        self.cost = self.input["gift"] + 1
        self.next(self.bill)

    @step
    def unpack(self):
        self.pieces = self.input["pieces"]
        self.next(self.piece, foreach="pieces")

    @step
    def piece(self):
        self.size = "odd" if self.input % 2 else "even"
        self.next({"odd": self.saw, "even": self.fit}, condition="size")

    @step
    def saw(self):
        self.cost = self.input * 10
        self.next(self.checked)

    @step
    def fit(self):
        self.cost = self.input
        self.next(self.checked)

    @step
    def checked(self):
        self.next(self.pieces_done)

    @step
    def pieces_done(self, inputs):
        self.cost = sum(each.cost for each in inputs)
        self.next(self.bill)

    @step
    def bill(self):
        self.line = (self.index, self.cost)
        self.next(self.total)

    @step
    def total(self, inputs):
        self.lines = [each.line for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
