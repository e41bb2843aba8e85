import sys
from typing import TYPE_CHECKING

from metaflow import FlowSpec, step

if sys.platform == "linux":
    from metaflow import FlowGraph
else:
    from metaflow import inspect_spin

if TYPE_CHECKING:
    from metaflow import MetaflowTasks

try:
    from metaflow import DAGNode
except (ImportError, AttributeError):
    DAGNode = None

try:
    from metaflow import get_run
finally:
    pass


class TrainFlow(FlowSpec):
    @step
    def start(self):
        if self.input is None:
            from metaflow import spaces
        print(FlowGraph, inspect_spin, DAGNode, get_run, spaces)
        self.next(self.end)

    @step
    def end(self):
        pass
