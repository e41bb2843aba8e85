"""A flow as the user wrote it: its steps, its parameters, and where each step goes next.

All values are immutable. Spans take no part in equality, so two flows that differ in layout alone are equal. `plan` has
how steps nest.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir.configs import Config
from flowport.compiler.ir.parameters import Parameter
from flowport.compiler.ir.project import Project
from flowport.compiler.ir.runs import ExitHooks, OnEvent, OnFinish, RunLimits, Schedule, Trigger
from flowport.compiler.ir.settings import Settings
from flowport.compiler.ir.span import Span
from flowport.compiler.ir.transitions import Transition
from flowport.compiler.ir.values import JSON
from flowport.compiler.record import field, record


@record
class Use:
    """A place where a step reads or sets the artifact `self.name`."""

    name: str
    span: Span | None = field(default=None, compare=False)


@record
class Uses:
    """What a step and the methods that it calls do with artifacts; `reads` are those that the step does not set itself.

    `merges`: the step calls `merge_artifacts`; `must_merge`: nothing catches that this fails.
    `opaque`: the step passes `self` to code that cannot be followed, which may set anything.
    """

    reads: tuple[Use, ...] = ()
    writes: tuple[Use, ...] = ()
    merges: bool = False
    must_merge: bool = False
    opaque: bool = False


@record
class Wrapper:
    """A user step decorator that a step has from outside of the source: `name` of `module`, which is "" for the flow's own file."""

    module: str
    name: str
    arguments: Mapping[str, JSON] = field(default_factory=dict)


@record
class Step:
    """A method with the decorator `@step`.

    `digest` is a SHA-256 over the tokens of the step and of what it names in the flow's own files.
    `join`: the method takes the inputs of the steps before it. `wrappers` are around the decorators that the source
    shows, or with `unwrapped` in their place.
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
    wrappers: tuple[Wrapper, ...] = ()
    unwrapped: bool = False


@record
class Flow:
    """A flow class.

    `file` is the path of its source, relative to the folder that holds the code package's files; `files` maps every path
    of that package to its content, the flow's own file and the modules that it imports from its own folders.
    `members` are the names of its class that are not steps, inherited ones included; `complete`: the source of all base classes is known.
    `roots` are the folders inside the package that go on `sys.path`, "" for its top. `definitions` has the digests of what the flow's
    modules define, by module, "" for the flow's own file, and name. `unused` are names that they import from Metaflow, which flowport does
    not offer and nothing uses, and `from_extensions` what extensions of Metaflow must have. `late_parameters` are attributes that the class
    gets when it is imported, and `removed_parameters` those that it loses.
    """

    name: str
    class_name: str
    file: str
    steps: tuple[Step, ...]
    start: str
    end: str
    parameters: tuple[Parameter, ...] = ()
    doc: str = ""
    triggers: tuple[Trigger, ...] = ()
    limits: RunLimits = RunLimits()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    roots: tuple[str, ...] = ("",)
    definitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    members: tuple[str, ...] = field(default=(), compare=False, repr=False)
    complete: bool = field(default=True, compare=False, repr=False)
    span: Span | None = field(default=None, compare=False)
    unused: tuple[str, ...] = ()
    from_extensions: tuple[str, ...] = ()
    configs: tuple[Config, ...] = ()
    late_parameters: tuple[str, ...] = ()
    removed_parameters: tuple[str, ...] = ()
    project: Project | None = None
    exit_hooks: ExitHooks = ExitHooks()

    @property
    def deployment(self) -> str:
        """What tells a deployment of the flow from others: its name, or `project.branch.Flow`."""
        return self.name if self.project is None else f"{self.project.name}.{self.project.branch_name}.{self.name}"

    def deployment_of(self, source: OnFinish) -> str:
        """What tells the deployment that a trigger names from others: where it names no project and no branch, those of this flow."""
        return ".".join((*self.branch_of(source), source.flow))

    def branch_of(self, source: OnFinish) -> tuple[str, str] | tuple[()]:
        """The project and the branch of the flow that a trigger names; () for one without a project."""
        project = source.project or (self.project.name if self.project else "")
        branch = source.branch or (self.project.branch_name if self.project else "")
        return (project, branch) if project and branch else ()

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The clocks that start runs of the flow: one, or none."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, Schedule))

    @property
    def events(self) -> tuple[OnEvent, ...]:
        """The events that start a run when all of them have come."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, OnEvent))

    @property
    def upstream(self) -> tuple[OnFinish, ...]:
        """The flows that start a run when a run of each of them is done."""
        return tuple(trigger for trigger in self.triggers if isinstance(trigger, OnFinish))

    @property
    def is_triggered(self) -> bool:
        """Whether events or other flows start runs of it."""
        return bool(self.events or self.upstream)

    @property
    def has_exit_hooks(self) -> bool:
        """Whether functions are called when a run of it has ended."""
        return self.exit_hooks != ExitHooks()

    def step(self, name: str) -> Step:
        """The step called `name`; raises KeyError for a name that is not a step."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)
