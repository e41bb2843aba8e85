"""`@vllm(model=..., openai_api_server=False, engine_args={})`: a model of vLLM in the process of a step, or behind a server beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.serving.served import add, choice, is_served, to_plan
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature

VLLM_MODEL = Feature("@vllm")
EXAMPLE = 'write `@vllm(model="Qwen/Qwen2.5-0.5B-Instruct")`'

NO_EFFECT: Mapping[str, str] = {
    "card_refresh_interval": "there is no card of the server",
    "stream_logs_to_card": "there is no card of the server; `debug=True` has its output in the log",
    "retry_alert_frequency": "the log says nothing while the server starts",
}


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    choice(arguments, "backend", ("local",), "local")
    choice(arguments, "source", ("huggingface",), "huggingface")
    options: dict[str, JSON] = {
        "model": _model(arguments),
        "openai_api_server": arguments.flag("openai_api_server"),
        "debug": arguments.flag("debug"),
        "max_retries": arguments.number("max_retries", 60, 1, whole=True),
        "engine_args": _engine_args(arguments),
    }
    return add(so_far, "vllm", options)


def _model(arguments: Arguments) -> str:
    """The one model; as in Metaflow's package, a list of one is accepted."""
    node, value = arguments.named.get("model", (arguments.use.node, None))
    if isinstance(value, list | tuple) and len(value) > 1:
        message = f"`model` of `@vllm` must be one model, not {len(value)}"
        arguments.say(node, message, "write a step with a `@vllm` of its own for each of them")
        return ""
    name = value[0] if isinstance(value, list | tuple) and value else value
    if not isinstance(name, str) or not name:
        what = f"must be a string, not `{value!r}`" if value else "is missing"
        arguments.say(node, f"`model` of `@vllm` {what}", EXAMPLE)
        return ""
    return name


def _engine_args(arguments: Arguments) -> dict[str, Any]:
    node, value = arguments.named.get("engine_args", (arguments.use.node, None))
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(name, str) and name.isidentifier() for name in value) or not _is_json(value):
        message = f"`engine_args` of `@vllm` must be a dict of texts, numbers, lists and dicts, not `{value!r}`"
        arguments.say(node, message, 'write `engine_args={"max_model_len": 4096}`')
        return {}
    return dict(value)


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


VLLM = Decorator(
    "vllm",
    ("model", "backend", "source", "openai_api_server", "debug", "stream_logs_to_card", "card_refresh_interval", "max_retries",
     "retry_alert_frequency", "engine_args"),
    _read,
    {VLLM_MODEL: is_served("vllm")},
    to_plan=to_plan("vllm"),
    without_effect=NO_EFFECT,
)  # fmt: skip
