"""`@checkpoint(load_policy="fresh", temp_dir_root=None)`: a step that saves its state, and goes on from it in the next attempt."""

from __future__ import annotations

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import JSON, Checkpointing, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

CHECKPOINTS = Feature("@checkpoint")
POLICIES = ("eager", "none", "fresh")


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    policy = arguments.text("load_policy", "fresh") or "fresh"
    if policy not in POLICIES:
        listed = ", ".join(f"`{one}`" for one in POLICIES)
        message = f"`load_policy` of `@checkpoint` is `{policy}`, and there are {listed}"
        arguments.say(arguments.named["load_policy"][0], message, *did_you_mean(policy, POLICIES), 'write `load_policy="fresh"`')
        return so_far
    arguments.flag("show_card", True)  # accepted: checkpoints are listed on no card
    return replace(so_far, checkpoint=Checkpointing(policy, arguments.text("temp_dir_root", "/tmp")))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    asked = settings.checkpoint
    if asked is None:
        return {}
    return {"checkpoint": {"load_policy": asked.load_policy, "temp_dir_root": asked.temp_dir_root or None}}


# Each step in a container has its own checkpoints, so nothing is merged.
CHECKPOINT = Decorator(
    "checkpoint",
    ("load_policy", "temp_dir_root", "show_card"),
    _read,
    {CHECKPOINTS: lambda settings: settings.checkpoint is not None},
    to_plan=_to_plan,
    changes_results=False,
)
