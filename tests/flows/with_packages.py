"""Packages that steps ask for, and that the tests install: those of the flow, of a step, in a loop, with a timeout, and none."""

from metaflow import FlowSpec, conda_base, current, pypi, pypi_base, step, timeout

SHARED = {"click": ">=8", "obstore": ""}


@conda_base(python=">=3.10")
@pypi_base(packages={**SHARED, "pyyaml": "1.0"})
class WithPackages(FlowSpec):
    @pypi(packages={"PyYAML": ">=6", "pyyaml": None})
    @step
    def start(self):
        from importlib.metadata import version

        self.newest = int(version("click").split(".")[0]) >= 8
        self.numbers = [1, 2, 3]
        self.next(self.each, foreach="numbers")

    @timeout(minutes=5)
    @pypi(packages={"packaging": ">=22,!=99", "pyyaml": ">=6"})
    @step
    def each(self):
        self.square = self.input**2
        self.next(self.join)

    @pypi(packages={"pyyaml": ""})
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=["square"])
        self.squares = [one.square for one in inputs]
        self.turns = 0
        self.next(self.turn)

    @pypi(disabled=True, packages={"no-such-package": "1"})
    @step
    def turn(self):
        self.turns += 1
        self.next(self.judge)

    @pypi(packages={"pyyaml": "!=1.0"})
    @step
    def judge(self):
        self.way = "again" if self.turns < 3 else "done"
        self.next({"again": self.turn, "done": self.end}, condition="way")

    @pypi(packages={"pyyaml": ">1"})
    @step
    def end(self):
        self.name = current.step_name
