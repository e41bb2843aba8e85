"""`@nim(models=[])`, above a step or the flow: models behind NVIDIA's API, or in NIM containers of one's own."""

from __future__ import annotations

from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator, FlowDecorator
from flowport.compiler.decorators.serving.served import add, is_served, to_plan
from flowport.compiler.ir import Served, Settings
from flowport.compiler.ir.features import Feature

NIM_MODELS = Feature("@nim")
NAMES = ("models", "monitor", "persist_db")
OF_A_MODEL = ("name", "nvcf_id", "nvcf_version")
EXAMPLE = 'write `models=["meta/llama3-8b-instruct"]`'


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    return add(so_far, "nim", {"models": _models(arguments)})


def _of_flow(arguments: Arguments) -> Served:
    return Served("nim", (("models", _models(arguments)),))


def _models(arguments: Arguments) -> list[Any]:
    """The models as dicts with a `name`."""
    for name in ("monitor", "persist_db"):
        arguments.flag(name)  # accepted: there is no card of the requests
    node, value = arguments.named.get("models", (arguments.use.node, None))
    given = [] if value is None else [value] if isinstance(value, str | dict) else value
    found = [{"name": one} if isinstance(one, str) else one for one in given] if isinstance(given, list | tuple) else []
    if len(found) != len(given if isinstance(given, list | tuple) else [value]) or not all(map(_is_model, found)):
        listed = ", ".join(f"`{name}`" for name in OF_A_MODEL)
        arguments.say(node, f"`models` of `@nim` must be a list of names, or of dicts with {listed}, not `{value!r}`", EXAMPLE)
        return []
    return found


def _is_model(one: object) -> bool:
    if not isinstance(one, dict) or not one.get("name"):
        return False
    return all(name in OF_A_MODEL and isinstance(text, str) for name, text in one.items())


NIM = Decorator("nim", NAMES, _read, {NIM_MODELS: is_served("nim")}, to_plan=to_plan("nim"))

NIM_OF_FLOW = FlowDecorator("nim", NAMES, _of_flow)
"""Above the class: the same for each step that has no `@nim` of its own."""
