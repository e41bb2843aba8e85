"""`@parallel`, and the decorators that start programs on the nodes of a gang: `@torchrun`, `@deepspeed`, `@metaflow_ray` and others.

`num_parallel` before the step says how many nodes there are. A task of the step is told the name of the decorator and its arguments;
`runtime/launchers` does what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.decorators.decorator import Decorator
from flowport.compiler.ir import JSON, Gang, Settings
from flowport.compiler.ir.features import Feature
from flowport.compiler.record import replace

ALONE = "parallel"
"""The decorator that starts no program."""

HIGHEST_PORT = 65_535
LOG_STYLES = ("pretty", "record", "auto")

WAITS: Mapping[str, str] = {
    "worker_polling_freq": "nodes do not ask each other whether they have ended: flowport ends them together",
    "heartbeat_timeout": "a node that ends is seen at once",
    "unreachable_timeout": "a node that ends is seen at once",
}
"""Arguments that are accepted and change nothing, each with the reason."""

Reader = Callable[[Arguments, str], JSON]


def _port(arguments: Arguments, name: str) -> JSON:
    port = arguments.number(name, None, 1, whole=True)
    if port is not None and port > HIGHEST_PORT:
        node, _ = arguments.named[name]
        arguments.say(
            node, f"`{name}` of `@{arguments.use.name}` must be at most {HIGHEST_PORT}, not `{port}`", "remove it: a free port is used"
        )
        return None
    return port if port is None else int(port)


def _count(arguments: Arguments, name: str) -> JSON:
    count = arguments.number(name, None, 1, whole=True)
    return count if count is None else int(count)


def _seconds(arguments: Arguments, name: str) -> JSON:
    seconds = arguments.number(name, None, 0)
    return seconds if seconds is None else float(seconds)


def _flag(arguments: Arguments, name: str) -> JSON:
    return arguments.flag(name)


def _text(arguments: Arguments, name: str) -> JSON:
    return arguments.text(name, "info") or None


def _log_style(arguments: Arguments, name: str) -> JSON:
    style = arguments.text(name, LOG_STYLES[0])
    if style and style not in LOG_STYLES:
        listed = ", ".join(f"`{one}`" for one in LOG_STYLES)
        arguments.say(
            arguments.named[name][0],
            f"`{name}` of `@{arguments.use.name}` is `{style}`, and there are {listed}",
            f'write `{name}="pretty"`',
        )
        return None
    return style or None


LAUNCHERS: Mapping[str, Mapping[str, Reader]] = {
    "pytorch_parallel": {"master_port": _port},
    "torchrun": {"master_port": _port, "all_nodes_started_timeout": _seconds, "nproc_per_node": _count},
    "metaflow_ray": {
        "main_port": _port,
        "worker_polling_freq": _seconds,
        "all_nodes_started_timeout": _seconds,
        "heartbeat_timeout": _seconds,
        "unreachable_timeout": _seconds,
        "enable_worker_logs": _flag,
        "logging_level": _text,
        "log_style": _log_style,
        "enable_dashboard": _flag,
        "dashboard_port": _port,
    },
    "deepspeed": {"all_nodes_started_timeout": _seconds, "worker_polling_freq": _seconds, "use_sudo": _flag},
    "tensorflow": {},
    "tensorflow_parallel": {},
    "mpi": {"all_nodes_started_timeout": _seconds, "worker_polling_freq": _seconds},
}
"""The decorators that start programs, with their arguments in the order of their packages."""


def _read(arguments: Arguments, so_far: Settings) -> Settings:
    name = arguments.use.name
    readers = LAUNCHERS.get(name, {})
    read = tuple((argument, value) for argument, reader in readers.items() if (value := reader(arguments, argument)) not in (None, False))
    # `@parallel` beside one that starts programs says nothing more.
    return so_far if name == ALONE and so_far.gang is not None else replace(so_far, gang=Gang(name, options=read))


def _to_plan(settings: Settings) -> dict[str, JSON]:
    if settings.gang is None:
        return {}
    starts = settings.gang.decorator in LAUNCHERS
    return {"gang": {"launcher": settings.gang.decorator, "options": dict(settings.gang.options)} if starts else {}}


def _uses(name: str) -> Callable[[Settings], bool]:
    return lambda settings: settings.gang is not None and settings.gang.decorator == name


PARALLEL = Decorator(ALONE, (), _read, {}, to_plan=_to_plan, changes_results=False)

STARTING = tuple(
    Decorator(
        name,
        tuple(readers),
        _read,
        {Feature(f"@{name}"): _uses(name)},
        without_effect={argument: reason for argument, reason in WAITS.items() if argument in readers},
    )
    for name, readers in LAUNCHERS.items()
)
"""The decorators that start programs; `PARALLEL` tells the task about them."""
