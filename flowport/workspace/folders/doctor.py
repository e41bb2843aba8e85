"""All flows below a folder: which of them compile for which engine, and why the others do not.

Reads source only, and needs no settings: a setting that is missing has the value that a dry run assumes. `causes` groups what it finds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.targets.prepare import ABSENT
from flowport.workspace.errors import NoFlows, NotAFolder
from flowport.workspace.flow_file import UNCHANGED, Changes, check_flow, has_errors
from flowport.workspace.folders.defects import Defect, attempt
from flowport.workspace.folders.files import files_with_flows, python_files
from flowport.workspace.folders.flows import FoundFlow, likely_flows_of_file
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
    return [_examined(task, one) for one in likely_flows_of_file(path, task.profile)]


def _examined(task: _Task, found: FoundFlow) -> ExaminedFlow:
    flow = ExaminedFlow(
        task.file, found.name, found.line, targets=_nothing(task), path=os.path.abspath(found.path), inherits=found.inherits
    )
    if found.defect is not None:
        return flow._replace(defect=found.defect.text)
    examined = _with_findings(task, found.argument, flow)
    if not (task.run_mutators and any(one.code == MUTATORS for one in examined.diagnostics)):
        return examined
    return examined._replace(mutated=_with_findings(task, found.argument, flow, Changes(run_mutators=True)))


def _with_findings(task: _Task, argument: str, flow: ExaminedFlow, changes: Changes = UNCHANGED) -> ExaminedFlow:
    found = attempt(_findings, task, argument, changes)
    if isinstance(found, Defect):
        return flow._replace(defect=found.text)
    diagnostics, added = found
    return flow._replace(diagnostics=diagnostics, targets=added)


def _findings(task: _Task, argument: str, changes: Changes) -> tuple[tuple[Diagnostic, ...], dict[str, tuple[Diagnostic, ...]]]:
    """What there is to say about a flow itself, and what each target adds."""
    checked = check_flow(argument, task.profile, changes)
    if checked.flow is None:
        return checked.diagnostics, _nothing(task)
    added = {}
    for target in map(find_target, task.targets):
        about = prepare(checked.flow, target, target.dry_run_defaults).diagnostics
        added[target.name] = tuple(one for one in about if one.code not in SETTINGS_ABSENT and one not in checked.diagnostics)
    return checked.diagnostics, added


def _nothing(task: _Task) -> dict[str, tuple[Diagnostic, ...]]:
    return dict.fromkeys(task.targets, ())
