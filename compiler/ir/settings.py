"""What the decorators of a step ask for."""

from __future__ import annotations

from flowport.compiler.ir.execution import ExecutionSpec, Pairs
from flowport.compiler.ir.secrets import Delivery, Forwards, Secrets
from flowport.compiler.ir.span import Span
from flowport.compiler.ir.values import JSON
from flowport.compiler.record import field, record


@record
class Retry:
    """`@retry(times=3, minutes_between_retries=2)`"""

    times: int = 3
    minutes: float = 2


@record
class Catch:
    """`@catch(var=None, print_exception=True)`"""

    var: str | None = None
    print_exception: bool = True


@record
class Resources:
    """`@resources(cpu=1, memory=4096, gpu=0, disk=None, shared_memory=None)`; sizes in MiB."""

    cpu: float = 1
    memory: int = 4096
    gpu: int = 0
    disk: int | None = None
    shared_memory: int | None = None

    def times(self, number: int) -> Resources:
        """What is enough for as many processes at once."""
        return Resources(
            cpu=self.cpu * number,
            memory=self.memory * number,
            gpu=self.gpu * number,
            disk=self.disk and self.disk * number,
            shared_memory=self.shared_memory and self.shared_memory * number,
        )

    def beside(self, other: Resources) -> Resources:
        """What is enough for both."""
        return Resources(
            cpu=max(self.cpu, other.cpu),
            memory=max(self.memory, other.memory),
            gpu=max(self.gpu, other.gpu),
            disk=max(filter(None, (self.disk, other.disk)), default=None),
            shared_memory=max(filter(None, (self.shared_memory, other.shared_memory)), default=None),
        )


@record
class Packages:
    """`@pypi(packages={}, python=None, disabled=None)`, or `@conda` with the same; or their `_base` forms, above the class.

    `packages` has names and versions as they are written, sorted; `disabled` is None where nothing is said.
    """

    conda: bool
    packages: Pairs = ()
    python: str = ""
    disabled: bool | None = None
    name: str = ""
    span: Span | None = field(default=None, compare=False)

    def over(self, other: Packages) -> Packages:
        """What counts of a step whose flow has `other`, by the rules of Metaflow."""
        return Packages(
            self.conda,
            tuple(sorted({**dict(other.packages), **dict(self.packages)}.items())),
            self.python or other.python,
            other.disabled if self.disabled is None else self.disabled,
            self.name or other.name,
            self.span or other.span,
        )


@record
class Lock:
    """The lock file of an environment: its `name`, the major and minor version of its Python, and the digest of the whole file."""

    name: str
    python: str
    digest: str
    data: bytes = field(repr=False)


@record
class Requirements:
    """What a step asks for. A task checks it before it imports the flow. `lock` has the exact versions, None if there is no lock file."""

    conda: bool
    packages: Pairs
    python: str
    lock: Lock | None = None


@record
class Checkpointing:
    """`@checkpoint(load_policy="fresh", temp_dir_root=None)`"""

    load_policy: str = "fresh"
    temp_dir_root: str = ""


@record
class Models:
    """`@model(load=None, best_effort_load=False, temp_dir_root=None)`; `load` has names of artifacts, with a folder or ""."""

    load: Pairs = ()
    best_effort: bool = False
    temp_dir_root: str = ""


@record
class Repository:
    """A repository of the Hugging Face Hub. `options` are further arguments of `snapshot_download` as JSON, and `path` a folder or ""."""

    id: str
    options: str = "{}"
    path: str = ""


@record
class Hub:
    """`@huggingface_hub(temp_dir_root=None, load=None, cache_scope="checkpoint")`"""

    load: tuple[Repository, ...] = ()
    scope: str = "checkpoint"
    temp_dir_root: str = ""


@record
class Gang:
    """What makes a step run on several nodes at once: `num_parallel` before it, and a decorator on it, "" if it has none.

    `nodes` is how many there are, None if only the run knows that. `options` are the arguments of a decorator that starts programs on
    the nodes, such as `@torchrun`.
    """

    decorator: str = ""
    nodes: int | None = None
    options: tuple[tuple[str, JSON], ...] = ()


@record
class Served:
    """A decorator by which models are served beside a step, such as `@ollama`, and its arguments as the task reads them."""

    decorator: str
    options: tuple[tuple[str, JSON], ...]


@record
class Card:
    """`@card(type="default", id=None, options={}, timeout=45, ...)`; `id` is "" without one, and times are in seconds."""

    type: str = "default"
    id: str = ""
    options: tuple[tuple[str, JSON], ...] = ()
    timeout: float | None = None
    refresh_interval: float | None = None
    save_errors: bool = True
    customize: bool = False


@record
class Settings:
    """What the decorators of a step ask for; `timeout` is in seconds, `environment` and `forwarded` are sorted by name.

    `environment` has the variables with a known value, and `forwarded` those that a task reads from its own environment. `delivery` is
    what a profile adds for an engine (`lower/delivery.py`). `packages` are those of the step's own decorators, and `requirements` what its
    task checks, with those of the flow. `gang` is None for a step that runs as one process for each item. `served` is sorted by decorator.
    """

    retry: Retry | None = None
    catch: Catch | None = None
    timeout: int | None = None
    resources: Resources | None = None
    environment: Pairs = ()
    forwarded: Forwards = ()
    execution: ExecutionSpec = ExecutionSpec()
    secrets: Secrets | None = None
    delivery: Delivery = Delivery()
    packages: tuple[Packages, ...] = ()
    requirements: Requirements | None = None
    checkpoint: Checkpointing | None = None
    models: Models | None = None
    hub: Hub | None = None
    gang: Gang | None = None
    served: tuple[Served, ...] = ()
    tensorboard: bool = False
    cards: tuple[Card, ...] = ()

    @property
    def sizes(self) -> Resources:
        """What a container of the step has: what the step asks for, for each node of a gang."""
        nodes = self.gang.nodes if self.gang else None
        return (self.resources or Resources()).times(nodes or 1)

    @property
    def variables(self) -> Pairs:
        """The variables that an engine sets for the step."""
        return tuple(sorted({**dict(self.environment), **dict(self.delivery.variables)}.items()))

    @property
    def retries(self) -> int:
        """How often an engine runs the step again: as `@retry` says, and once more for `@catch`."""
        return (self.retry.times if self.retry else 0) + (self.catch is not None)

    @property
    def minutes(self) -> float:
        """How long an engine waits before it runs the step again."""
        return self.retry.minutes if self.retry else 0


UNDECORATED = Settings()
"""What a step without decorators asks for."""
