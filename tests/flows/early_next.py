"""The same `self.next` twice, first with an early `return`; a join known by its argument; constants, f-strings and a static method."""

from flowport import FlowSpec, step

PREFIX = "no"
FIELDS = [f"{PREFIX}_{i}" for i in ("a", "b")]
CHOICE = {"yes": "go", PREFIX: "stop"}


class EarlyNext(FlowSpec):
    order = "fields"

    @staticmethod
    def tidy(text):
        return text.strip().lower()

    @step
    def start(self):
        self.fields = list(FIELDS)
        if len(self.fields) > 1:
            self.early = True
            self.next(self.each, foreach="fields")
            return
        self.early = False
        self.next(self.each, foreach="fields")

    @step
    def each(self):
        self.clean = self.tidy(f"  {self.input.upper()} ")
        self.next(self.gather)

    @step
    def gather(self, results):
        self.cleaned = [result.clean for result in results]
        self.merge_artifacts(results, include=["early"])
        self.choice = CHOICE["no"]
        self.next({"go": self.go, CHOICE[PREFIX]: self.stop}, condition="choice")

    @step
    def go(self):
        self.next(self.end)

    @step
    def stop(self):
        self.stopped = True
        self.next(self.end)

    @step
    def end(self):
        pass
