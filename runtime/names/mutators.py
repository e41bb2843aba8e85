"""Mutators: classes of a flow's that change its decorators and parameters while it is compiled.

A task imports them, and they do nothing there. `flowport compile --run-mutators` imports the flow in a process of its own, where decorators
note themselves as `Noted`, and `MutableFlow` and `MutableStep` change what they noted (`mutable`).
"""

from __future__ import annotations

from flowport.runtime.names.flow import Parameter
from flowport.runtime.names.mutable.noted import FLOW_MUTATORS, FlowMutatorType
from flowport.runtime.names.step_decorators import StepDecorator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from flowport.runtime.names.mutable.flow import MutableFlow, MutableStep


class StepMutator(StepDecorator):
    """Changes one step: `pre_mutate` before the command line's decorators are added, `mutate` after that."""

    list_name = "mutators"
    takes_values = True

    def pre_mutate(self, mutable_step: MutableStep) -> None:
        """Called before all `mutate`."""

    def mutate(self, mutable_step: MutableStep) -> None:
        """Called last."""


class FlowMutator(metaclass=FlowMutatorType):
    """Changes a flow: `pre_mutate` may change the flow and its steps, `mutate` the steps."""

    def __init__(self, *values: Any, **named: Any) -> None:
        if (values or named) and type(self).init is FlowMutator.init:
            raise TypeError(f"`@{type(self).__name__}` has no method `init` that takes its arguments")
        self._args, self._kwargs = list(values), named

    def __call__(self, kind: type) -> type:
        setattr(kind, FLOW_MUTATORS, [*vars(kind).get(FLOW_MUTATORS, ()), self])
        return kind

    def init(self, *values: Any, **named: Any) -> None:
        """Called with the arguments of the mutator before anything else."""

    def pre_mutate(self, mutable_flow: MutableFlow) -> None:
        """Called before all `mutate`."""

    def mutate(self, mutable_flow: MutableFlow) -> None:
        """Called last."""


def change_parameters(kind: type, added: Iterable[str], removed: Iterable[str]) -> None:
    """Give the class of a flow the parameters that its mutators added, and take those that they removed."""
    for attribute in added:
        parameter = Parameter(attribute)
        parameter.attribute = attribute
        setattr(kind, attribute, parameter)
    for attribute in removed:
        for base in kind.__mro__:
            if attribute in vars(base):
                delattr(base, attribute)
