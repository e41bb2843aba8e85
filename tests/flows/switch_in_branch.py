"""Both branches take a switch of their own, and take different arms."""

from flowport import FlowSpec, step


class SwitchInBranch(FlowSpec):
    @step
    def start(self):
        self.temperature = {"inside": 21, "outside": -4}
        self.next(self.inside, self.outside)

    @step
    def inside(self):
        self.feel = "warm" if self.temperature["inside"] > 15 else "cold"
        self.next({"warm": self.open_window, "cold": self.heat}, condition="feel")

    @step
    def open_window(self):
        self.action = "window"
        self.next(self.inside_done)

    @step
    def heat(self):
        self.action = "heating"
        self.next(self.inside_done)

    @step
    def inside_done(self):
        self.inside_says = f"{self.feel}: {self.action}"
        self.next(self.decide)

    @step
    def outside(self):
        self.feel = "warm" if self.temperature["outside"] > 15 else "cold"
        self.next({"warm": self.shirt, "cold": self.coat}, condition="feel")

    @step
    def shirt(self):
        self.wear = "shirt"
        self.next(self.outside_done)

    @step
    def coat(self):
        self.wear = "coat"
        self.next(self.outside_done)

    @step
    def outside_done(self):
        self.outside_says = f"{self.feel}: {self.wear}"
        self.next(self.decide)

    @step
    def decide(self, inputs):
        self.advice = [inputs.inside_done.inside_says, inputs.outside_done.outside_says]
        self.next(self.end)

    @step
    def end(self):
        pass
