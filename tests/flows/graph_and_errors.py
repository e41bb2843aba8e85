"""What steps see of their flow in `self._graph`, and the names that `@catch` gives to exceptions of Metaflow."""

import time

from metaflow import FlowSpec, catch, current, step, timeout
from metaflow.exception import MetaflowNotFound


class GraphAndErrors(FlowSpec):
    @step
    def start(self):
        self.kinds = {one.name: one.type for one in self._graph}
        self.ways = ["fine", "late", "missing"]
        self.next(self.work, foreach="ways")

    @catch(var="failed", print_exception=False)
    @timeout(seconds=1)
    @step
    def work(self):
        self.before = sorted(self._graph[current.step_name].in_funcs)
        if self.input == "late":
            time.sleep(60)
        if self.input == "missing":
            raise MetaflowNotFound("nothing there")
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.types = [each.failed and each.failed.type for each in inputs]
        self.before = [each.before for each in inputs]
        self.merge_artifacts(inputs, include=["kinds"])
        self.next(self.end)

    @step
    def end(self):
        print(self.kinds, self.types, self.before)


if __name__ == "__main__":
    GraphAndErrors()
