"""How long what is done at the end of a run may take."""

from __future__ import annotations

from collections.abc import Collection

from flowport.compiler.ir import ExitHooks
from flowport.runtime.hooks.constants import HOOK_SECONDS, RECEIVER_SECONDS
from flowport.targets.hooks.receivers import Receiver


def hook_seconds(hooks: ExitHooks, told: Collection[Receiver]) -> int:
    """Seconds for the hooks and messages of one end, one after the other."""
    calls = max(len(hooks.on_success), len(hooks.on_error))
    return 60 + round(calls * HOOK_SECONDS + len(told) * RECEIVER_SECONDS)
