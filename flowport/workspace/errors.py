"""What can be wrong with a request: one class for each mistake, with the data that a message about the way out needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


class WorkspaceError(Exception):
    """A request names something that does not exist, or that cannot be done."""


class UnknownTarget(WorkspaceError):
    """No installed target has this name; `known` has those that there are, with their aliases."""

    def __init__(self, name: str, known: Mapping[str, Sequence[str]]) -> None:
        super().__init__(f"there is no target `{name}`")
        self.name, self.known = name, known


class UnknownFlow(WorkspaceError):
    """A store has no run of this flow."""

    def __init__(self, flow: str, store: str, known: Iterable[str]) -> None:
        super().__init__(f"no run of `{flow}` is in {store}")
        self.flow, self.known = flow, tuple(known)


class UnknownRun(WorkspaceError):
    """A store has no run of this name; `flow` is "" for any flow."""

    def __init__(self, run: str, flow: str, store: str) -> None:
        super().__init__(f"there is no run `{run}`{f' of {flow}' if flow else ''} in {store}")
        self.run, self.flow = run, flow


class UnreadableRuns(WorkspaceError):
    """None of a flow's runs can be read."""

    def __init__(self, flow: str, store: str) -> None:
        super().__init__(f"no run of {flow} in {store} can be read")
        self.flow = flow


class NoRuns(WorkspaceError):
    """A store has no run that could be resumed; `flow` is "" for any flow."""

    def __init__(self, flow: str, store: str) -> None:
        super().__init__(f"there are no runs{f' of {flow}' if flow else ''} in {store}")


class EveryRunDone(WorkspaceError):
    """Every run is done or still running, so there is nothing to resume. `flow` is "" for any flow."""

    def __init__(self, flow: str, store: str) -> None:
        super().__init__(f"every run{f' of {flow}' if flow else ''} in {store} is done or still running, so there is nothing to resume")


class StillRunning(WorkspaceError):
    """The run to resume is running; `seen` is when it last showed that, in seconds since 1970."""

    def __init__(self, flow: str, run: str, seen: float) -> None:
        super().__init__(f"run `{run}` of {flow} is still running")
        self.flow, self.run, self.seen = flow, run, seen


class UnknownFlowFile(WorkspaceError):
    """Nothing says where the file of a run's flow is."""

    def __init__(self, flow: str, run: str) -> None:
        super().__init__(f"flowport does not know where the file of {flow} is")
        self.run = run


class UnknownStep(WorkspaceError):
    """A flow has no step of this name."""

    def __init__(self, step: str, flow: str, steps: Iterable[str]) -> None:
        super().__init__(f"`{step}` is not a step of {flow}")
        self.step, self.steps = step, tuple(steps)


class StepNeverRan(WorkspaceError):
    """No item came to a step in a run, or in any run if `run` is "". `ran` are the steps of the run that did."""

    def __init__(self, step: str, flow: str, run: str, store: str, ran: Iterable[str] = ()) -> None:
        of = f" of {flow}" if flow else ""
        where = f"in run `{run}`{of}" if run else f"in any run{of} in {store}"
        super().__init__(f"step `{step}` did not run {where}")
        self.step, self.ran = step, tuple(ran)


class StepMoved(WorkspaceError):
    """A step gets its items in another way than it did in a run, so that it cannot run again with what it read there."""

    def __init__(self, step: str, run: str, before: str, now: str) -> None:
        super().__init__(f"step `{step}` is {now} now, and was {before} in run `{run}`")
        self.step = step


class OtherFlow(WorkspaceError):
    """A file has another flow than the one that is named."""

    def __init__(self, file: str, flow: str, named: str) -> None:
        super().__init__(f"`{file}` has the flow {flow}, and {named} is named")
        self.flow = flow


class IsSpin(WorkspaceError):
    """A spin is named where a run is needed; `origin` is the run that it is about, "" if that is not known."""

    def __init__(self, spin: str, origin: str) -> None:
        super().__init__(f"`{spin}` is a spin, and no run" + (f": it is about run `{origin}`" if origin else ""))
        self.origin = origin


class UnknownItem(WorkspaceError):
    """A step has no item with this address."""

    def __init__(self, item: str, step: str, flow: str, run: str) -> None:
        super().__init__(f"step `{step}` has no item `{item}` in run `{run}`")
        self.step, self.flow, self.run = step, flow, run


class UnknownCard(WorkspaceError):
    """A task has no such card; `known` are those that it has."""

    def __init__(self, task: str, known: Iterable[str]) -> None:
        super().__init__(f"{task} has no such card")
        self.known = tuple(known)


class SeveralCards(WorkspaceError):
    """A task has several cards that fit; `fitting` are their ids and types."""

    def __init__(self, task: str, fitting: Iterable[tuple[str | None, str]]) -> None:
        self.fitting = tuple(fitting)
        super().__init__(f"{task} has {len(self.fitting)} cards")


class UnknownArtifact(WorkspaceError):
    """No item of a step has an artifact of this name."""

    def __init__(self, name: str, step: str, known: Iterable[str]) -> None:
        super().__init__(f"step `{step}` has no artifact `{name}`")
        self.name, self.known = name, tuple(known)


class NotAnAddress(WorkspaceError):
    """A text is not FLOW/RUN/STEP/ITEM."""

    def __init__(self, text: str) -> None:
        super().__init__(f"`{text}` is not an address")


class NoStoreOfTarget(WorkspaceError):
    """The settings name no store for a target."""

    def __init__(self, target: str, settings: str) -> None:
        super().__init__(f"{settings} names no store for target {target}")
        self.target = target


class StoresDiffer(WorkspaceError):
    """The targets of a profile have different stores, and none of them was chosen."""

    def __init__(self, profile: str, targets: Iterable[str]) -> None:
        super().__init__(f"the targets of profile `{profile}` have different stores")
        self.targets = tuple(targets)


class StoreNotLocal(WorkspaceError):
    """A dry run would write to a store that is not a folder of this machine."""

    def __init__(self, store: str) -> None:
        super().__init__(f"a dry run keeps its runs on this machine, and `{store}` is not a folder")


class NoSecretsFile(WorkspaceError):
    """A profile names a file with secrets, and there is none."""

    def __init__(self, path: str, settings: str) -> None:
        super().__init__(f"there is no file `{path}`, which `secrets_file` in {settings} names")


class NotDeployable(WorkspaceError):
    """flowport does not deploy to this target; `flow` is the file of the flow."""

    def __init__(self, target: str, flow: str) -> None:
        super().__init__(f"flowport does not deploy to {target}")
        self.target, self.flow = target, flow


class NoFigures(WorkspaceError):
    """A target does not say what a run needs of its engine."""

    def __init__(self, target: str) -> None:
        super().__init__(f"{target} has no figures of what a run needs")


class UnknownForeach(WorkspaceError):
    """No foreach starts from a step; `splits` are the steps from which one does."""

    def __init__(self, step: str, flow: str, splits: Iterable[str]) -> None:
        super().__init__(f"no foreach of {flow} starts from step `{step}`")
        self.step, self.splits = step, tuple(splits)


class NoRoles(WorkspaceError):
    """A deployment to this target has no roles that flowport could create."""

    def __init__(self, target: str) -> None:
        super().__init__(f"`--roles` creates roles of AWS for Step Functions, and {target} has none")


class NotOperable(WorkspaceError):
    """flowport does not control what this target runs."""

    def __init__(self, target: str) -> None:
        super().__init__(f"flowport does not control the runs of {target}")
        self.target = target


class NotAtEngine(WorkspaceError):
    """An engine has no run with this id; `flow` is its flow."""

    def __init__(self, target: str, flow: str, run: str) -> None:
        super().__init__(f"{target} has no run `{run}` of {flow}")
        self.flow = flow


class BadRunId(WorkspaceError):
    """A text cannot be the id of a run."""

    def __init__(self, run: str) -> None:
        super().__init__(f"a run id cannot be `{run if len(run) <= 60 else run[:60] + '...'}`")


class BadCondition(WorkspaceError):
    """A condition on runs or a name of a column cannot be read: `at` says where in `text`, and `hint` what to write."""

    def __init__(self, message: str, text: str, at: int, size: int = 1, hint: str = "") -> None:
        super().__init__(f"{message}\n  {text}\n  {' ' * at}{'^' * max(1, size)}")
        self.message, self.text, self.at, self.size, self.hint = message, text, at, size, hint


class BadVariable(WorkspaceError):
    """A variable of the shell has a value that it cannot have; `example` is one that it can have."""

    def __init__(self, name: str, problem: str, example: str) -> None:
        super().__init__(f"the environment variable {name} {problem}")
        self.name, self.problem, self.example = name, problem, example

    def __reduce__(self) -> tuple[type[BadVariable], tuple[str, str, str]]:
        return BadVariable, (self.name, self.problem, self.example)  # from the processes of `doctor`


class BadBranch(WorkspaceError):
    """A text cannot be the name of a branch."""

    def __init__(self, branch: str, problem: str) -> None:
        super().__init__(f"the branch `{branch if len(branch) <= 60 else branch[:60] + '...'}` {problem}")
        self.branch = branch


class NoBranch(WorkspaceError):
    """A flow of a project is to be deployed, and nobody has chosen the branch."""

    def __init__(self, flow: str, project: str) -> None:
        super().__init__(f"{flow} belongs to the project `{project}`, and nothing says which branch of it is deployed")


class NoProject(WorkspaceError):
    """A branch is chosen for a flow that belongs to no project."""

    def __init__(self, flow: str, option: str) -> None:
        super().__init__(f"`{option}` is for flows with `@project`, and {flow} has none")


class BadParameters(WorkspaceError):
    """Parameters are missing, unknown or of the wrong type: a line for each. `specs` are those that the flow has."""

    def __init__(self, problems: Sequence[str], specs: Sequence[dict[str, Any]]) -> None:
        super().__init__("\n".join(problems))
        self.specs = tuple(specs)


class BadTags(WorkspaceError):
    """Tags are too long, or too many."""


class NoOrigin(WorkspaceError):
    """A step to run again is named without the run whose results are reused."""

    def __init__(self) -> None:
        super().__init__("a step to run again is named, and no run whose results are reused")


class BadScheduledTime(WorkspaceError):
    """The time for which a run is started is none, or the run has that of another one."""


class NoTrigger(WorkspaceError):
    """A flow is not started by what is named; `known` are the flows or events that start it, and `decorator` is what would say it.

    `options` are those that start it, "" where nothing does.
    """

    def __init__(self, decorator: str, flow: str, name: str, known: Iterable[str], options: str) -> None:
        what = "the event" if decorator == "trigger" else "runs of"
        super().__init__(f"{flow} is not started by {what} `{name}`")
        self.decorator, self.name, self.known, self.options = decorator, name, tuple(known), options


class MissingTrigger(WorkspaceError):
    """A run waits for several flows or events, and one of them is not given; `option` is what gives it."""

    def __init__(self, flow: str, name: str, option: str) -> None:
        super().__init__(f"a run of {flow} waits for `{name}` too")
        self.name, self.option = name, option


class BadTrigger(WorkspaceError):
    """What is said to start a run cannot start one."""


class NotWritable(WorkspaceError):
    """The disk does not let a file or folder be written."""

    def __init__(self, path: str, reason: str | None) -> None:
        super().__init__(f"`{path}` cannot be written: {reason}")


class NoImages(WorkspaceError):
    """The profile of a flow has no images of environments."""

    def __init__(self, flow: str) -> None:
        super().__init__(f'the settings of {flow} have no `environments = "image"`, so compiled files name no images that flowport makes')


class NoBuilder(WorkspaceError):
    """None of the programs that build images is there."""

    def __init__(self, programs: Sequence[str]) -> None:
        super().__init__(f"nothing builds images here: none of {', '.join(programs)} is on PATH")
        self.programs = tuple(programs)


class FilesCollide(WorkspaceError):
    """Two flows would write the same file."""

    def __init__(self, path: str) -> None:
        super().__init__(f"two flows would both write `{path}`")


class NotAFolder(WorkspaceError):
    """The folder to look through is not there, or is a file."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"there is no folder `{folder}`")
        self.folder = folder


class NothingThere(WorkspaceError):
    """The file or the folder that is named is not there."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no file or folder `{path}`")


class NoFlows(WorkspaceError):
    """A folder has no flow anywhere."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"there are no flows below `{folder}`")
