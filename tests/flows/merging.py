"""`merge_artifacts` with nothing, `include` and `exclude`; inputs by name and one after the other; a conflict is an error to handle."""

from flowport import FlowSpec, Parameter, step


class Merging(FlowSpec):
    unit = Parameter("unit", default="cm")

    @step
    def start(self):
        self.common = {"height": 7}
        self.next(self.short, self.tall, self.plain)

    @step
    def short(self):
        self.size = 1
        self.only_short = "s"
        self.next(self.join_all)

    @step
    def tall(self):
        self.size = 9
        self.only_tall = "t"
        self.next(self.join_all)

    @step
    def plain(self):
        self.next(self.join_all)

    @step
    def join_all(self, inputs):
        self.by_name = (inputs.short.size, inputs.tall.size)
        self.sizes = sorted(each.size for each in inputs if hasattr(each, "size"))
        try:
            self.merge_artifacts(inputs)
        except Exception as error:
            self.conflict = "size" in str(error)
        self.before = hasattr(self, "only_short")
        self.size = 5
        self.merge_artifacts(inputs, exclude=["only_tall"])
        self.next(self.again, self.changed)

    @step
    def again(self):
        self.extra = 1
        self.next(self.join_some)

    @step
    def changed(self):
        self.common["height"] = 8
        self.next(self.join_some)

    @step
    def join_some(self, inputs):
        self.merge_artifacts(inputs, include=["size", "by_name", "sizes", "conflict", "before"])
        self.heights = [inputs.again.common["height"], inputs.changed.common["height"]]
        self.has = [name for name in ("common", "extra", "only_short", "only_tall") if hasattr(self, name)]
        self.next(self.end)

    @step
    def end(self):
        self.text = f"{self.size} {self.unit}"
