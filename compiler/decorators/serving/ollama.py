"""`@ollama(models=[], ...)`: a server of Ollama with these models, for as long as a step runs."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.decorators.serving.served import add, choice, is_served, to_plan
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.ir import JSON, Settings
from flowport.compiler.ir.features import Feature

OLLAMA_SERVER = Feature("@ollama")
POLICIES = ("auto", "force", "never")

TIMES = ("pull", "stop", "health_check", "install", "server_startup")
BREAKER = ("failure_threshold", "recovery_timeout", "reset_timeout")

NO_EFFECT: Mapping[str, str] = {"card_refresh_interval": "there is no card of the server"}


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    options: dict[str, JSON] = {"models": [*arguments.texts("models", "llama3.2")]}
    choice(arguments, "backend", ("local",), "local")
    policy = choice(arguments, "cache_update_policy", POLICIES, "auto")
    if arguments.flag("force_cache_update"):
        policy = "force"
    # What earlier versions of the package have instead: True keeps models out of the store.
    if "skip_push_check" in arguments.named:
        policy = "never" if arguments.flag("skip_push_check") else policy
    options |= {"cache_update_policy": policy, "force_pull": arguments.flag("force_pull"), "debug": arguments.flag("debug")}
    options["timeout_config"] = _numbers(arguments, "timeout_config", TIMES)
    options["circuit_breaker_config"] = _numbers(arguments, "circuit_breaker_config", BREAKER)
    return add(so_far, "ollama", options)


def _numbers(arguments: Arguments, name: str, keys: tuple[str, ...]) -> dict[str, JSON]:
    """A dict of numbers under some of these keys."""
    node, value = arguments.named.get(name, (arguments.use.node, None))
    if value is None:
        return {}
    example = f'write `{name}={{"{keys[0]}": 10}}`'
    if not isinstance(value, dict):
        arguments.say(node, f"`{name}` of `@ollama` must be a dict of numbers, not `{value!r}`", example)
        return {}
    for key, number in value.items():
        if key not in keys:
            listed = ", ".join(f"`{one}`" for one in keys)
            arguments.say(node, f"`{name}` of `@ollama` has no `{key}`", *did_you_mean(str(key), keys), f"its keys are {listed}")
        elif isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
            arguments.say(node, f"`{key}` in `{name}` of `@ollama` must be a number of at least 0, not `{number!r}`", example)
    return dict(value)


OLLAMA = Decorator(
    "ollama",
    ("models", "backend", "force_pull", "cache_update_policy", "force_cache_update", "skip_push_check", "debug",
     "circuit_breaker_config", "timeout_config", "card_refresh_interval"),
    _read,
    {OLLAMA_SERVER: is_served("ollama")},
    to_plan=to_plan("ollama"),
    without_effect=NO_EFFECT,
)  # fmt: skip
