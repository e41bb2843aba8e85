"""A foreach whose first step is a foreach, ragged: one outer item has three inner items, one has none, one has one."""

from flowport import FlowSpec, step


class ForeachInForeach(FlowSpec):
    @step
    def start(self):
        self.shops = [("north", [3, 1, 2]), ("empty", []), ("south", [10])]
        self.next(self.shop, foreach="shops")

    @step
    def shop(self):
        self.shop_name, self.sales = self.input
        self.next(self.sale, foreach="sales")

    @step
    def sale(self):
        self.line = f"{self.shop_name}[{self.index}] {self.input * 2}"
        self.place = [(frame[0], frame[1]) for frame in self.foreach_stack()]
        self.next(self.shop_total)

    @step
    def shop_total(self, inputs):
        self.lines = [each.line for each in inputs]
        self.places = [each.place for each in inputs]
        self.title = f"{self.index}:{self.input[0]}"
        self.next(self.grand_total)

    @step
    def grand_total(self, inputs):
        self.lines = {each.title: each.lines for each in inputs}
        self.places = [place for each in inputs for place in each.places]
        self.next(self.end)

    @step
    def end(self):
        self.after = (self.index, self.input)
