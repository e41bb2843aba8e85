"""What the user wrote: a flow, its steps and where each of them goes next.

The values are immutable. Spans take no part in equality, so two flows that differ in layout alone are equal.
How steps nest is `plan`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from flowport.compiler.record import field, record

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"
Atom: TypeAlias = "None | bool | int | float | complex | str | bytes"
Constant: TypeAlias = "Atom | tuple[Constant, ...] | list[Constant] | dict[Constant, Constant] | set[Constant] | frozenset[Constant]"


@record
class Span:
    """A stretch of source text; lines and columns count from 1 and the end is exclusive, in characters."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@record
class Next:
    """`self.next(self.target)`"""

    target: str


@record
class Branch:
    """`self.next(self.a, self.b)`: every target runs, and a join brings them together."""

    targets: tuple[str, ...]


@record
class Foreach:
    """`self.next(self.target, foreach="over", batch=1, workers=1)`

    `batch` is how many items one task takes where that makes no more than `width` of them, `workers` the processes that share them.
    `items` is how many there are, where the step lists them; a hint, as nothing keeps the flow from changing the list.
    """

    target: str
    over: str
    batch: int = 1
    workers: int = 1
    items: int | None = field(default=None, compare=False, repr=False)


@record
class Case:
    """One entry of a switch: the artifact's value and the step that it leads to."""

    value: str | int | float | bool | None
    target: str


@record
class Switch:
    """`self.next({"value": self.target, ...}, condition="artifact")`"""

    condition: str
    cases: tuple[Case, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The steps that the cases lead to, each once, in the order of the cases."""
        return tuple(dict.fromkeys(case.target for case in self.cases))


@record
class End:
    """The last step: it goes nowhere."""


Transition: TypeAlias = Next | Branch | Foreach | Switch | End


def targets(transition: Transition) -> tuple[str, ...]:
    """The steps that a transition leads to, each once, in the order of the source."""
    match transition:
        case Next(target) | Foreach(target=target):
            return (target,)
        case Branch(names):
            return tuple(dict.fromkeys(names))
        case Switch():
            return transition.targets
        case End():
            return ()


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

    def beside(self, other: Resources) -> Resources:
        """What is enough for both."""
        return Resources(
            cpu=max(self.cpu, other.cpu),
            memory=max(self.memory, other.memory),
            gpu=max(self.gpu, other.gpu),
            disk=max(filter(None, (self.disk, other.disk)), default=None),
            shared_memory=max(filter(None, (self.shared_memory, other.shared_memory)), default=None),
        )


Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@record
class Kubernetes:
    """`@kubernetes(image=None, service_account=None, node_selector={}, ...)`: what a step's pod is and has beside resources.

    What is empty is the profile's business. A toleration has the fields of Kubernetes' own, `volumes` are persistent volume claims with the
    folders that they are mounted at.
    """

    image: str = ""
    service_account: str = ""
    node_selector: Pairs = ()
    tolerations: tuple[tuple[tuple[str, str | int], ...], ...] = ()
    labels: Pairs = ()
    secrets: tuple[str, ...] = ()
    volumes: Pairs = ()


@record
class Settings:
    """What the decorators of a step ask for; `timeout` is in seconds, `environment` in the order of the names."""

    retry: Retry | None = None
    catch: Catch | None = None
    timeout: int | None = None
    resources: Resources | None = None
    environment: Pairs = ()
    kubernetes: Kubernetes = Kubernetes()

    @property
    def granted(self) -> int:
        """How often an engine runs the step again: as `@retry` says, and once more for `@catch`."""
        return (self.retry.times if self.retry else 0) + (self.catch is not None)

    @property
    def minutes(self) -> float:
        """How long an engine waits before it does."""
        return self.retry.minutes if self.retry else 0


@record
class Use:
    """The artifact `self.name`, where a step reads or sets it."""

    name: str
    span: Span | None = field(default=None, compare=False)


@record
class Uses:
    """What a step and the methods that it calls do with artifacts; `reads` are those that the step does not set itself.

    `merges` says that `merge_artifacts` is called; `opaque` that `self` goes where it cannot be followed, so that anything may be set.
    """

    reads: tuple[Use, ...] = ()
    writes: tuple[Use, ...] = ()
    merges: bool = False
    opaque: bool = False


@record
class Step:
    """A method marked `@step`.

    `digest` is a SHA-256 over the tokens of the step and of what it names in the flow's own files.
    `join` says that the method takes the inputs of the steps before it.
    """

    name: str
    transition: Transition
    join: bool = False
    settings: Settings = Settings()
    doc: str = ""
    digest: str = ""
    span: Span | None = field(default=None, compare=False)
    transition_span: Span | None = field(default=None, compare=False)
    uses: Uses = field(default=Uses(), compare=False, repr=False)


@record
class NoDefault:
    """A parameter that was given no default."""


@record
class Computed:
    """A default that is not constant: it is computed once, when the run starts, from the imported flow."""

    expression: str


@record
class Parameter:
    """A `Parameter` or an `IncludeFile`.

    `kind` is one of str, int, float, bool, json, list, dict, file. `name` is what the command line says, `attribute` what
    the flow says. A default of a `file` is its path, relative to the flow's folder; `text` and `encoding` belong to it.
    """

    attribute: str
    name: str
    kind: str
    default: Constant | NoDefault | Computed = field(default_factory=NoDefault)
    required: bool = False
    help: str = ""
    choices: tuple[Constant, ...] = ()
    text: bool = True
    encoding: str | None = None
    span: Span | None = field(default=None, compare=False)


@record
class Schedule:
    """`@schedule(daily=True)`: when runs begin, as a cron expression of five fields, in a time zone of the IANA database, or in UTC."""

    cron: str
    timezone: str = ""
    span: Span | None = field(default=None, compare=False)


@record
class Flow:
    """A flow class.

    `file` is the path of its source, relative to the folder that holds the code package's files; `files` maps every path
    of that package to its content, the flow's own file and the modules that it imports from its own folders.
    `members` are the names of its class that are not steps, inherited ones included; `complete` says that no base was left unseen.
    `roots` are the folders inside the package that go on `sys.path`, "" for its top. `definitions` has the digests of what the flow's
    modules define, by module, "" for the flow's own file, and name. `unused` are names that they import from Metaflow, which flowport does
    not offer and nothing uses.
    """

    name: str
    class_name: str
    file: str
    steps: tuple[Step, ...]
    start: str
    end: str
    parameters: tuple[Parameter, ...] = ()
    doc: str = ""
    schedule: Schedule | None = None
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    roots: tuple[str, ...] = ("",)
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    members: tuple[str, ...] = field(default=(), compare=False, repr=False)
    complete: bool = field(default=True, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False)
    unused: tuple[str, ...] = ()

    def step(self, name: str) -> Step:
        """The step called `name`; raises KeyError for a name that is not a step."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)
