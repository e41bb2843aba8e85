"""A branch inside a branch: two joins, of which the outer one also sees an arm that did not split."""

from flowport import FlowSpec, step


class BranchInBranch(FlowSpec):
    @step
    def start(self):
        self.base = 10
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.left_up, self.left_down)

    @step
    def left_up(self):
        self.value = self.base + 1
        self.next(self.left_join)

    @step
    def left_down(self):
        self.value = self.base - 1
        self.next(self.left_join)

    @step
    def left_join(self, inputs):
        self.value = inputs.left_up.value * inputs.left_down.value
        self.merge_artifacts(inputs)
        self.next(self.bring)

    @step
    def right(self):
        self.value = self.base * 100
        self.next(self.bring)

    @step
    def bring(self, inputs):
        self.values = {"left": inputs.left_join.value, "right": inputs.right.value}
        self.merge_artifacts(inputs, include=["base"])
        self.next(self.end)

    @step
    def end(self):
        self.total = self.base + sum(self.values.values())
