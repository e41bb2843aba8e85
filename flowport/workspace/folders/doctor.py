"""All flows below a folder: which of them compile for which engine, and why the others do not.

Reads source only, and needs no settings: a setting that is missing has the value that a dry run assumes. `causes` groups what it finds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.parse.flow_listing import list_flows
from flowport.targets.prepare import ABSENT
from flowport.workspace.errors import BadVariable, NoFlows, NotAFolder
from flowport.workspace.flow_file import UNCHANGED, Changes, check_flow, has_errors
from flowport.workspace.folders.files import files_with_flows, looks_like_a_flow, python_files, roots_of
from flowport.workspace.targets import find_target, prepare

SETTINGS_ABSENT = frozenset({*ABSENT, "FP426", "FP430"})
"""The codes of settings that are missing: they belong to a profile, and not to a flow."""

MUTATORS = "FP128"
"""The code of mutators that did not run."""

FEW = 24
"""Files that one process reads sooner than a second one has started."""


class ExaminedFlow(NamedTuple):
    """A flow: its file, relative to the folder, its class and its line. A file that cannot be read is one flow, called "".

    `diagnostics` are about the flow itself, and `targets` has for each target what the target adds. `defect` is the error of flowport that
    kept it from finding out. `mutated` is what was found after its mutators ran, None if they did not.
    """

    file: str
    name: str
    line: int
    diagnostics: tuple[Diagnostic, ...] = ()
    targets: dict[str, tuple[Diagnostic, ...]] = {}
    defect: str = ""
    path: str = ""
    inherits: tuple[tuple[str, str], ...] = ()
    mutated: ExaminedFlow | None = None

    @property
    def runs(self) -> bool:
        """Whether it has no error of its own, so that it runs on this machine."""
        return not self.defect and not has_errors(self.diagnostics)

    def compiles(self, target: str) -> bool:
        """Whether it compiles for a target."""
        return self.runs and not has_errors(self.targets[target])

    @property
    def compiles_for_all(self) -> bool:
        """Whether it compiles for each of the targets."""
        return self.runs and not any(map(has_errors, self.targets.values()))

    @property
    def compiles_mutated(self) -> bool:
        """Whether it compiles for each of the targets only after its mutators have run."""
        return not self.compiles_for_all and self.mutated is not None and self.mutated.compiles_for_all


class Examination(NamedTuple):
    """The flows of a folder, in the order of their files; `files` is the number of Python files there."""

    folder: str
    targets: tuple[str, ...]
    files: int
    flows: tuple[ExaminedFlow, ...]


class _Task(NamedTuple):
    """A file to examine, for a process of its own."""

    folder: str
    file: str
    targets: tuple[str, ...]
    profile: str | None
    run_mutators: bool


def examine(
    folder: str, targets: Sequence[str], profile: str | None = None, processes: int | None = None, run_mutators: bool = False
) -> Examination:
    """Examine every flow below a folder for some targets; raises NotAFolder, NoFlows, UnknownTarget and BadVariable.

    `processes` is how many work on it: by default as many as there are processors, if there is enough to do. With `run_mutators` flows with
    mutators are examined a second time, after these have run: this imports the files of these flows, each in a process of its own.
    """
    if not os.path.isdir(folder):
        raise NotAFolder(folder)
    names = tuple(dict.fromkeys(find_target(name).name for name in targets))
    files = list(python_files(folder))
    tasks = [_Task(folder, file, names, profile, run_mutators) for file in files_with_flows(folder, files)]
    found = [flow for flows in _each(tasks, processes) for flow in flows]
    inherited = {base for flow in found for base in flow.inherits}
    flows = tuple(flow for flow in found if (flow.path, flow.name) not in inherited)
    if not flows:
        raise NoFlows(folder)
    return Examination(folder, names, len(files), flows)


def _each(tasks: list[_Task], processes: int | None) -> Iterable[list[ExaminedFlow]]:
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if count < 2 or (processes is None and len(tasks) <= FEW):
        return map(_examine_file, tasks)
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(count) as pool:
        return list(pool.map(_examine_file, tasks, chunksize=max(1, min(8, len(tasks) // count))))


def _examine_file(task: _Task) -> list[ExaminedFlow]:
    """The flows of a file. Nothing that is wrong with it stops the others."""
    path = os.path.normpath(os.path.join(task.folder, task.file))
    try:
        listed = list_flows(path, roots_of(path, task.profile))
    except CompileError as error:
        return [ExaminedFlow(task.file, "", 1, error.diagnostics, _nothing(task))] if looks_like_a_flow(path) else []
    except Exception as error:  # a defect of flowport; the other files are read all the same
        return [ExaminedFlow(task.file, "", 1, targets=_nothing(task), defect=_described(error))]
    found = [ExaminedFlow(task.file, one.name, one.line, path=os.path.abspath(path), inherits=one.inherits) for one in listed]
    examined = [_examined(task, path, one) for one in found]
    if not task.run_mutators:
        return examined
    changes = Changes(run_mutators=True)
    return [one._replace(mutated=_examined(task, path, one, changes)) if _has_mutators(one) else one for one in examined]


def _has_mutators(flow: ExaminedFlow) -> bool:
    return any(one.code == MUTATORS for one in flow.diagnostics)


def _examined(task: _Task, path: str, flow: ExaminedFlow, changes: Changes = UNCHANGED) -> ExaminedFlow:
    try:
        checked = check_flow(f"{path}:{flow.name}", task.profile, changes)
        flow = flow._replace(diagnostics=checked.diagnostics, targets=_nothing(task))
        if checked.flow is None:
            return flow
        added = {}
        for name in task.targets:
            target = find_target(name)
            about = prepare(checked.flow, target, target.dry_run_defaults).diagnostics
            added[name] = tuple(one for one in about if one.code not in SETTINGS_ABSENT and one not in checked.diagnostics)
        return flow._replace(targets=added)
    except BadVariable:  # of the shell, and so the same for all flows
        raise
    except Exception as error:  # as above
        return flow._replace(targets=_nothing(task), defect=_described(error))


def _nothing(task: _Task) -> dict[str, tuple[Diagnostic, ...]]:
    return dict.fromkeys(task.targets, ())


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
