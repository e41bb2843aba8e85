"""The values that passes take and return: a `Flow` is what the user wrote, a `Plan` (`ir.plan`) its structure.

Nothing here reads source or knows an engine. `outline` prints a plan, and `verify` says what is wrong with one.
"""

from flowport.compiler.ir.configs import Config
from flowport.compiler.ir.execution import BatchJob, ExecutionSpec, Pairs, Pod, Tmpfs
from flowport.compiler.ir.flow import Flow, Step, Use, Uses, Wrapper
from flowport.compiler.ir.parameters import Computed, NoDefault, Option, Parameter
from flowport.compiler.ir.project import Project
from flowport.compiler.ir.runs import ExitHooks, OnEvent, OnFinish, RunLimits, Schedule, Trigger
from flowport.compiler.ir.settings import (
    UNDECORATED,
    Card,
    Catch,
    Checkpointing,
    Gang,
    Hub,
    Lock,
    Models,
    Packages,
    Repository,
    Requirements,
    Resources,
    Retry,
    Served,
    Settings,
)
from flowport.compiler.ir.span import Span
from flowport.compiler.ir.transitions import Branch, Case, End, Foreach, Next, Switch, Transition, targets
from flowport.compiler.ir.values import JSON, Atom, Constant

__all__ = [
    "Atom",
    "BatchJob",
    "Branch",
    "Card",
    "Case",
    "Catch",
    "Checkpointing",
    "Computed",
    "Config",
    "Constant",
    "End",
    "ExitHooks",
    "Flow",
    "Foreach",
    "Gang",
    "Hub",
    "JSON",
    "ExecutionSpec",
    "Pod",
    "Trigger",
    "UNDECORATED",
    "Lock",
    "Models",
    "Next",
    "NoDefault",
    "OnEvent",
    "OnFinish",
    "Option",
    "Packages",
    "Pairs",
    "Parameter",
    "Project",
    "Repository",
    "Requirements",
    "Resources",
    "RunLimits",
    "Retry",
    "Schedule",
    "Served",
    "Settings",
    "Span",
    "Step",
    "Switch",
    "Tmpfs",
    "Transition",
    "Use",
    "Uses",
    "Wrapper",
    "targets",
]
