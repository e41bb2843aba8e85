"""What a target is to the rest of flowport: an object with parts, which take values and return values.

The compiler turns a plan into files. The dry runner runs these files on this machine. The deployer puts them where the scheduler finds
them. A target needs only the first part; `flowport.targets.registry` finds targets, and `flowport.targets.prepare` does what all have in
common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

from flowport.compiler.changes import Change, Changes
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.record import field, record
from flowport.compiler.settings import Profile, TargetSettings

if TYPE_CHECKING:
    from flowport.compiler.estimate import Estimate, Shape
    from flowport.compiler.operations import Operations
    from flowport.compiler.package.archive import Package

S = TypeVar("S", bound=TargetSettings)
S_contra = TypeVar("S_contra", bound=TargetSettings, contravariant=True)


class Target(Protocol[S]):
    """An engine that flows can be compiled to.

    `settings` is the class of its settings, and `dry_run_defaults` are those that a dry run assumes where a profile has none. A part that
    the target does not have is None. What controls a deployed flow and its runs is in `flowport.compiler.operations`.
    """

    name: str
    aliases: tuple[str, ...]
    settings: type[S]
    dry_run_defaults: Profile

    @property
    def compiler(self) -> Compiler[S]: ...

    @property
    def dry_runner(self) -> DryRunner[S] | None: ...

    @property
    def deployer(self) -> Deployer[S] | None: ...

    @property
    def operations(self) -> Operations[S] | None: ...

    @property
    def estimator(self) -> Estimator[S] | None: ...


@record
class File:
    """A file to write; `path` is relative to the output folder, with `/` between its parts."""

    path: str
    data: bytes = field(repr=False)


class Compiler(Protocol[S_contra]):
    """Turns a plan into files. All methods are pure, and the settings that they get are of the declared types."""

    def setting_problems(self, settings: S_contra) -> tuple[Diagnostic, ...]:
        """What the engine would not accept of the settings, beyond their types and limits."""

    def lower(self, plan: Plan, settings: S_contra) -> Plan:
        """Rewrite what the engine lacks."""

    def fits(self, plan: Plan, settings: S_contra) -> tuple[Diagnostic, ...]:
        """What the engine cannot do with a lowered plan."""

    def emit(self, plan: Plan, settings: S_contra, package: Package) -> tuple[File, ...]:
        """The files of a lowered plan without errors; the same input gives the same bytes."""


@record
class TaskEnded:
    """A task of a dry run has ended.

    `label` names it by its items, as a user does. `taken_over` says how much of it came from an earlier run, `log` is what its last attempt
    printed, where that was asked for. A task with `rest` is what is left of the loop that begins with its step.
    """

    step: str
    slice: str
    label: str
    rest: bool
    exit_code: int
    taken_over: str
    log: tuple[str, ...]


@record
class FailedItem:
    """An item that failed in a dry run, with its traceback or message."""

    step: str
    item: str
    story: str


@record
class DryRunResult:
    """How a dry run ended.

    `unavailable`: something that it needs is missing here. `refused`: it cannot be run as it was asked for. `reason` says why, for a
    failed run in the engine's words. `lost` is what the store lacks although the engine says that the run is done, which then failed too.
    A `resumable` run has left something that another run can take over.
    """

    status: Literal["done", "failed", "stopped", "unavailable", "refused"]
    reason: str = ""
    failed: tuple[FailedItem, ...] = ()
    more_failed: int = 0
    last_output: str = ""
    lost: tuple[str, ...] = ()
    resumable: bool = False


@record
class DryRun(Generic[S]):
    """What a dry run is asked to do: run `plan`, which is not lowered yet.

    `store` is the local folder store that gets a copy of the run, and has the runs that it may take results from. `run_id` is the id in it.
    With `logs`, events have what tasks printed. With a `scheduled_time`, in UTC, it is a run as a schedule starts it for that time,
    and with `triggers` one as those start it (`flowport.runtime.run.triggers`).
    """

    plan: Plan
    settings: S
    package: Package
    parameters: dict[str, JSON]
    run_id: str
    store: str
    origin_run: str | None = None
    from_step: str | None = None
    tags: tuple[str, ...] = ()
    max_workers: int | None = None
    logs: bool = False
    scheduled_time: str | None = None
    triggers: tuple[dict[str, JSON], ...] = ()

    @property
    def engine_run_id(self) -> str:
        """The id that the engine is to give to the run."""
        return self.run_id.removeprefix(run_prefix(self.plan.flow))


class Estimator(Protocol[S_contra]):
    """Says what a run needs of the engine. It is pure, as the compiler is."""

    def estimate(self, plan: Plan, settings: S_contra, files: tuple[File, ...], shape: Shape) -> Estimate:
        """The figures of a run of a lowered plan without errors, whose emitted files these are."""


class DryRunner(Protocol[S]):
    """Runs the files of a plan on this machine, against the engine or an emulator of it.

    If `FLOWPORT_PYTHONS` is in the environment, tasks get it: it has the Pythons of the environments of steps (`runtime/protocol.py`).
    """

    def run(self, request: DryRun[S], report: Callable[[TaskEnded], None]) -> DryRunResult:
        """Run it to its end; `report` is called for each task, by one thread at a time."""


@record
class Deployment(Generic[S]):
    """What is to be deployed: the emitted `files`, and the package of their code. With `roles` the deployer also makes its roles."""

    files: tuple[File, ...]
    plan: Plan
    package: Package
    settings: S
    roles: bool = False


class Deployer(Protocol[S]):
    """Puts emitted files where their scheduler finds them. `makes_roles` says whether it can create what tasks need of access control."""

    makes_roles: bool

    def plan(self, deployment: Deployment[S]) -> Changes:
        """What deploying would change; changes nothing. Raises DeployError, StoreError or CompileError where it is not possible."""

    def apply(self, changes: Changes) -> Iterator[Change]:
        """Make the changes one by one, and give each back when it is done; raises DeployError or StoreError."""
