"""What a target is to the rest of flowport, and how targets are found: through the entry-point group `flowport.targets`.

A target turns a plan into files; it may also run these files on this machine, against its engine or an emulator of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import field, record

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package

GROUP = "flowport.targets"

Profile: TypeAlias = Mapping[str, JSON]
"""What differs by environment: the settings of one profile in `flowport.toml`, those of the target already merged over the shared ones."""


Kind: TypeAlias = 'Literal["text", "number", "flag", "texts", "table", "tables", "arguments"]'
"""What a setting may be: a text, a whole number, true or false, a list of text, a table, a list of tables, a table that may hold dates."""


@record
class Setting:
    """A key of a profile that a target reads.

    A `folder` may be one, a relative one beside the file that says so. Numbers are of at least `least` and at most `most`, a text with
    `choices` is one of them.
    """

    name: str
    help: str
    required: bool = False
    default: JSON = None
    example: JSON = None
    folder: bool = False
    kind: Kind = "text"
    least: int = 1
    most: int | None = None
    choices: tuple[str, ...] = ()


@record
class File:
    """A file to write; `path` is relative to the output folder, with `/` between its parts."""

    path: str
    data: bytes = field(repr=False)


@record
class DryRun:
    """What a dry run is asked to do: run the emitted `files`.

    `store` is the local folder store that gets a copy of the run, and has the runs that it may take results from. `printed` gets the lines
    that tasks print, each with its task before it, when they are wanted.
    """

    files: tuple[File, ...]
    plan: Plan
    package: Package
    profile: Profile
    parameters: dict[str, JSON]
    run_id: str
    store: str
    echo: Callable[[str], None]
    origin_run: str | None = None
    from_step: str | None = None
    tags: tuple[str, ...] = ()
    max_workers: int | None = None
    printed: Callable[[str], None] | None = None


@record
class Deployment:
    """What is to be deployed: the emitted `files`, and the package of their code. With `diff` nothing changes, and what would is said."""

    files: tuple[File, ...]
    plan: Plan
    package: Package
    profile: Profile
    echo: Callable[[str], None]
    diff: bool = False


class Target(Protocol):
    """An engine that flows can be compiled to.

    `lower` rewrites what the engine lacks, `fits` says what is left that it cannot do, and `emit` is pure, total and
    deterministic for a plan without errors. `stand_ins` are the settings that a dry run assumes where a profile has none.
    `dry_run` and `deploy` return an exit status; `deploy` is None where that is left to others.
    """

    name: str
    aliases: tuple[str, ...]
    settings: tuple[Setting, ...]
    stand_ins: Profile

    def lower(self, plan: Plan) -> Plan: ...

    def fits(self, plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]: ...

    def emit(self, plan: Plan, profile: Profile, package: Package) -> tuple[File, ...]: ...

    def dry_run(self, request: DryRun) -> int: ...

    @property
    def deploy(self) -> Callable[[Deployment], int] | None: ...


def targets() -> dict[str, Target]:
    """Every installed target by its name."""
    from importlib.metadata import entry_points

    loaded: list[Target] = [point.load() for point in entry_points(group=GROUP)]
    return {target.name: target for target in sorted(loaded, key=lambda target: target.name)}


def find(name: str) -> Target | None:
    """The target with this name or alias, if one is installed."""
    declared = dict(_declared())
    names = [name] if name in declared else sorted(declared)
    near = (_load(declared[known]) for known in names)
    found = next((target for target in near if _answers(target, name)), None)
    return found or next((target for target in targets().values() if _answers(target, name)), None)


def _answers(target: Target, name: str) -> bool:
    return name == target.name or name in target.aliases


def _declared() -> Iterator[tuple[str, str]]:
    """The names and object references in the `entry_points.txt` of the projects on `sys.path`.

    That file is described by the entry points specification (packaging.python.org). Importing `importlib.metadata` to read it
    takes 30 to 45 ms, more than compiling a small flow; it is asked when this finds nothing.
    """
    for folder in reversed(sys.path):
        known = sorted(os.listdir(folder or ".")) if os.path.isdir(folder or ".") else []
        for path in [os.path.join(folder, name, "entry_points.txt") for name in known if name.endswith("-info")]:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    yield from _entries(file.read())


def _entries(text: str) -> Iterator[tuple[str, str]]:
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[] ")
        elif group == GROUP and "=" in line and not line.startswith(("#", ";")):
            name, _, reference = line.partition("=")
            yield name.strip(), reference.partition("[")[0].strip()


def _load(reference: str) -> Target:
    module, _, attribute = reference.partition(":")
    target: Target = getattr(import_module(module), attribute)
    return target
