"""A switch whose arms share steps: two cases lead to one step, one skips forward, one goes straight to the end of it all."""

from flowport import FlowSpec, step


class SharedArms(FlowSpec):
    @step
    def start(self):
        self.letters = ["a", "b", "c", "d", "e"]
        self.next(self.enter, foreach="letters")

    @step
    def enter(self):
        self.trail = [self.input]
        self.level = {"a": "none", "b": "low", "c": "lower", "d": "high", "e": "full"}[self.input]
        self.next(
            {"full": self.wash, "low": self.dry, "lower": self.dry, "high": self.iron, "none": self.fold},
            condition="level",
        )

    @step
    def wash(self):
        self.trail.append("wash")
        self.next(self.dry)

    @step
    def dry(self):
        self.trail.append("dry")
        self.damp = "damp" if self.level == "lower" else "dry"
        self.next({"damp": self.iron, "dry": self.fold}, condition="damp")

    @step
    def iron(self):
        self.trail.append("iron")
        self.next(self.fold)

    @step
    def fold(self):
        self.trail.append("fold")
        self.next(self.stack)

    @step
    def stack(self, inputs):
        self.trails = [" ".join(each.trail) for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
