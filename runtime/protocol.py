"""The protocol between the compiler, the engines and the runtime: the command of a task, exit codes, versions, paths in the code package.

The plan in the code package is plain JSON, which `compiler/package/documents.py` writes.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND, OLDEST_COMMAND = 2, 2
"""The version of the command of a task and of the places where an engine finds routes, and the oldest that is understood."""

DOCUMENTS, OLDEST_DOCUMENTS = 1, 1
"""The version of the documents in a code package, and the oldest that is understood."""

RECORDS, OLDEST_RECORDS = 2, 2
"""The version of the documents of a run, and the oldest that is understood."""

RUNTIME = ["-m", "flowport.runtime"]
"""The arguments by which Python starts the runtime. The folder that it is started in is no place for its modules."""
if sys.version_info < (3, 11):  # which does not know PYTHONSAFEPATH
    RUNTIME = ["-c", "import sys, runpy; sys.path.pop(0); runpy.run_module('flowport.runtime', run_name='__main__', alter_sys=True)"]
GATE = "begin-run"
"""The step before the first one of a flow, where there is one: it decides whether the run begins. No step has a name with a hyphen."""

DONE = 0
FAILED = 1
STOP = 78
ENDED = 143
"""Exit codes: the manifest exists, or no item came; the engine may retry; the engine must not retry; the task got SIGTERM."""

FLOW = ".flowport/flow.json"
PLAN = ".flowport/plan.json"
DEFINITIONS = ".flowport/definitions.json"
CONFIGS = ".flowport/configs.json"
STEP_PLANS = ".flowport/plan/"
INCLUDED = ".flowport/included.json"
ENVIRONMENTS = ".flowport/environments/"

UNUSED = "FLOWPORT_UNUSED"
"""The environment variable with what a flow imports from Metaflow and does not use: `Run`, `client.core.Run`, or `client.core.`
(a module)."""

FROM_EXTENSIONS = "FLOWPORT_FROM_EXTENSIONS"
"""The environment variable with what a flow imports from extensions of Metaflow: `Lake`, or `plugins.lake.` (a module)."""

SECRETS = "FLOWPORT_SECRETS"
"""The variable that says where a task finds the secrets of its step: references, and no value of one."""


INSTALL = "FLOWPORT_ENVIRONMENTS"
"""The variable that is `install` where tasks make the environments of their steps."""

PYTHONS = "FLOWPORT_PYTHONS"
"""The variable of the tasks of a dry run with the Pythons of environments on this machine: JSON, paths by the name of the environment."""

ENVIRONMENT = "FLOWPORT_ENVIRONMENT"
"""The variable with the name of the environment that a process runs in."""

LIVE = "FLOWPORT_LIVE"
"""The variable with the seconds between two signs that a task gives while it runs, or `off`."""

REPORTS = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE", "MLFLOW_TRACKING_URI")
"""The variables of which each makes tasks report to another system: those of its own client."""

FOLDER_INTERVAL, BUCKET_INTERVAL = 1.0, 10.0
"""Seconds between two signs of a task, where nothing else is set."""

ARRAY_INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"
"""The variable with the number of a child in an array job (AWS Batch User Guide, "Environment variables")."""


class VersionError(Exception):
    """A command, or a document of a code package, that this runtime does not understand."""


def version_problem(found: object, newest: int, oldest: int) -> str:
    """Why something with the version `found` is not understood; "" when it is."""
    if not isinstance(found, int) or isinstance(found, bool):
        return f"it has no version, or one that is no number: {str(found)[:60]}"
    if found > newest:
        return f"a newer version of flowport wrote it (version {found}; this flowport reads up to {newest})"
    return f"an earlier version of flowport wrote it (version {found}; this flowport reads from {oldest} on)" if found < oldest else ""


def finds_environment(variables: Mapping[str, str]) -> bool:
    """Whether a task with these variables goes on in the environment of its step."""
    return variables.get(INSTALL) == "install" or PYTHONS in variables


class NonRetryable(Exception):
    """The task cannot succeed, however often it is tried: exit code 78."""


class Retryable(Exception):
    """The task cannot go on, and another attempt may: exit code 1."""


COUNTED = ".nodes"
"""What follows the name of the file with the route in that of the file with the number of nodes, where a step starts a gang."""


def is_interval(value: str) -> bool:
    """Whether `LIVE` may have this value: `off`, or seconds from 1 to a day."""
    try:
        return value == "off" or 1 <= float(value) <= 86400
    except ValueError:
        return False


def interval(url: str, value: str | None) -> float | None:
    """Seconds between two signs in the store `url`, from the value of `LIVE`; None where that is `off`.

    A value that means nothing counts as not set: it must not stop a task.
    """
    if value and is_interval(value):
        return None if value == "off" else float(value)
    return BUCKET_INTERVAL if "://" in url and not url.startswith("file:") else FOLDER_INTERVAL


def variable(name: str) -> str:
    """The variable of the environment that stands for an option of the command."""
    return "FLOWPORT_" + name.upper()


class Invocation:
    """The command of one task, or of one fused block: options as arguments, or all of them as variables of the environment.

    `step` is the step, or with `block` the header of the loop whose rest is run, beginning at `turn`.
    `width` and `total` bound the slices of one fan-out and of one foreach level in the whole run.
    `engine` identifies the engine's own run: only the first task needs it. `epoch` counts deliberate re-runs.
    `last` is the number of the last generation that the engine reads: 0, or -1 where it reads the highest.
    `form` is what the engine's own form was filled in with, a JSON object, and `route` the file that a task writes its route to, a JSON
    list: for an engine that does not read the store. The list has the slices of a foreach, else the steps that items went to.
    A `slice` that ends in a dot is that of an array job of AWS Batch: its last number is in the environment.
    `scheduled` is the time for which the engine's schedule started the run, and `trigger` the runs and events that did
    (`run.triggers`); only the first task needs them.
    `cooldown` is how many seconds after another run none begins that is triggered; only the task `GATE` needs it.
    `nodes` is `batch` or `argo` where each node of a gang has this command in a container of its own: as part of a multi-node job of
    AWS Batch, or as a pod of Argo.
    """

    __slots__ = (
        "flow",
        "run",
        "step",
        "slice",
        "store",
        "code",
        "width",
        "total",
        "engine",
        "epoch",
        "block",
        "turn",
        "last",
        "form",
        "route",
        "nodes",
        "scheduled",
        "trigger",
        "cooldown",
    )

    TEXT = ("flow", "run", "step", "slice", "store", "code", "engine", "form", "route", "nodes", "scheduled", "trigger")
    NUMBERS = ("width", "total", "epoch", "turn", "last", "cooldown")
    NEEDED = ("flow", "step", "run", "slice", "store", "code", "width", "total")

    def __init__(
        self,
        flow: str,
        run: str,
        step: str,
        slice: str,
        store: str,
        code: str,
        *,
        width: int,
        total: int,
        engine: str = "",
        epoch: int = 0,
        block: bool = False,
        turn: int = 0,
        last: int = 0,
        form: str = "",
        route: str = "",
        nodes: str = "",
        scheduled: str = "",
        trigger: str = "",
        cooldown: int = 0,
    ) -> None:
        self.flow, self.run, self.step, self.slice, self.store, self.code = flow, run, step, slice, store, code
        self.width, self.total, self.engine, self.epoch = width, total, engine, epoch
        self.block, self.turn, self.last, self.form, self.route = block, turn, last, form, route
        self.nodes, self.scheduled, self.trigger, self.cooldown = nodes, scheduled, trigger, cooldown

    def argv(self) -> list[str]:
        """The arguments after `python -m flowport.runtime`; what equals its default is left out."""
        words = [self.command]
        for name, value in self._said().items():
            words += ["--" + name, value]
        return words

    def variables(self) -> dict[str, str]:
        """The same as variables of the environment, with `command` as the one argument."""
        return {variable(name): value for name, value in self._said().items()}

    @property
    def command(self) -> str:
        """The word that the command begins with."""
        return "block" if self.block else "task"

    def _said(self) -> dict[str, str]:
        said = {"protocol": str(COMMAND), **{name: str(getattr(self, name)) for name in self.NEEDED}}
        for name in ("engine", "epoch", "turn", "last", "form", "route", "nodes", "scheduled", "trigger", "cooldown"):
            if getattr(self, name):
                said[name] = str(getattr(self, name))
        return said

    @classmethod
    def parse(cls, argv: list[str], environment: Mapping[str, str] | None = None) -> Invocation:
        """The invocation that `argv` stands for, or with no option in it the environment.

        Raises VersionError for that of another runtime.
        """
        if not argv or argv[0] not in ("task", "block") or len(argv) % 2 == 0:
            raise VersionError("the command is `task` or `block` followed by pairs of an option and its value")
        pairs = dict(zip(argv[1::2], argv[2::2])) if len(argv) > 1 else cls._surrounding(environment or {})
        protocol = pairs.pop("--protocol", "none")
        if not protocol.isdecimal() or not OLDEST_COMMAND <= int(protocol) <= COMMAND:
            raise VersionError(
                f"the files were compiled for protocol {protocol}, and this runtime has protocol {COMMAND}: "
                "use the same version of flowport for both"
            )
        values: dict[str, str | int] = {}
        for option, value in pairs.items():
            name = option[2:]
            if not option.startswith("--") or name not in cls.TEXT + cls.NUMBERS:
                raise VersionError(f"option `{option}` is unknown")
            if name in cls.NUMBERS and not value.lstrip("-").isdecimal():
                raise VersionError(f"option `{option}` is a number, not `{value}`")
            values[name] = int(value) if name in cls.NUMBERS else value
        missing = [name for name in cls.NEEDED if name not in values]
        if missing:
            raise VersionError(f"option `--{missing[0]}` is missing")
        if str(values["slice"]).endswith("."):
            if ARRAY_INDEX not in (environment or {}):
                raise VersionError(f"the slice `{values['slice']}` is that of an array job, and `{ARRAY_INDEX}` is not set")
            values["slice"] = f"{values['slice']}{(environment or {})[ARRAY_INDEX]}"
        return cls(block=argv[0] == "block", **values)  # type: ignore[arg-type]

    @classmethod
    def _surrounding(cls, environment: Mapping[str, str]) -> dict[str, str]:
        found = {"--" + name: environment.get(variable(name), "") for name in ("protocol", *cls.TEXT, *cls.NUMBERS)}
        return {option: value for option, value in found.items() if value}
