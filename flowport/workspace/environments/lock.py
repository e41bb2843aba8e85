"""What the steps of a flow ask for -> lock files beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from flowport.compiler.environments.locks import path_of, request
from flowport.compiler.ir.plan import Plan
from flowport.runtime.atomic_file import write_file
from flowport.runtime.environments import tools
from flowport.runtime.environments.conda import CondaPackage
from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.environments.lock_file import FOLDER, BadLockFile, LockFile, Request, read
from flowport.runtime.environments.platforms import MARKERS, platforms
from flowport.runtime.requirements.forms import python_fits
from flowport.workspace.environments.resolve import Resolved, Resolver
from flowport.workspace.errors import NotWritable

OLDEST = (3, 10)
"""The oldest Python that runs a task."""

NEWEST, PATCHES = 30, 30
"""More than the minor versions of Python 3, and the releases of one of them, for years."""


class Locked(NamedTuple):
    """A lock file and its path, whether it changed, and the packages without a wheel, by platform.

    `damage` says why the file that was there could not be read, "" if it could.
    """

    path: str
    lock: LockFile
    changed: bool
    built: Mapping[str, Sequence[str]]
    damage: str = ""


class LockChoice(NamedTuple):
    """How to lock: the Python of environments that name none, the platforms, and whether to leave the versions of an earlier lock file.

    With `conda_from_pypi` the packages of `@conda` are those of the same names on PyPI.
    """

    python: str = ""
    platforms: tuple[str, ...] = ()
    upgrade: bool = False
    conda_from_pypi: bool = False


def requests(plan: Plan) -> dict[str, Request]:
    """What the steps of a flow ask for, by the name of the environment."""
    asked = (step.settings.requirements for step in plan.flow.steps)
    found = [request(each) for each in asked if each is not None]
    return {each.name: each for each in found}


def lock(folder: str, asked: Request, choice: LockChoice) -> Locked:
    """Write the lock file of an environment beside a flow, in `folder`; raises EnvironmentProblem and NotWritable."""
    path = os.path.join(folder, *path_of(asked.name).split("/"))
    before, damage = _before(path)
    python = _python(asked, choice.python or (before.python if before is not None else tools.this_python()))
    preferred = before.lines if before is not None and not choice.upgrade else ""
    found = {one: _found(asked, Resolver(python, one, preferred), choice) for one in platforms(choice.platforms)}
    conda = "".join(f"{package.line}\n" for _, packages in found.values() for package in packages)
    items = {one: resolved.items for one, (resolved, _) in found.items()}
    made = LockFile(asked.name, python, tuple(found), asked, conda + _merged(items))
    changed = before is None or made.text != before.text
    if changed:
        _write(path, made.text.encode())
    return Locked(path, made, changed, {one: resolved.built for one, (resolved, _) in found.items() if resolved.built}, damage)


def _found(asked: Request, resolver: Resolver, choice: LockChoice) -> tuple[Resolved, tuple[CondaPackage, ...]]:
    """What pip and conda install on one platform. In an environment of conda, pip installs what flowport needs and conda does not have."""
    if not asked.conda or choice.conda_from_pypi:
        return resolver.resolve(asked), ()
    from flowport.workspace.environments.solve_conda import solve

    packages = solve(asked, resolver.python, resolver.platform)
    names = {package.name for package in packages}
    own = resolver.resolve(Request(False, {}))
    return own._replace(items={name: item for name, item in own.items.items() if name not in names}), packages


def unused(folder: str, names: Collection[str]) -> dict[str, LockFile]:
    """The lock files beside a flow that none of these environments has, by their paths."""
    place = os.path.join(folder, FOLDER)
    there = sorted(os.listdir(place)) if os.path.isdir(place) else []
    paths = [os.path.join(place, file) for file in there if file.endswith(".txt") and file.removesuffix(".txt") not in names]
    return {path: found for path in paths if (found := _before(path)[0]) is not None}


def _before(path: str) -> tuple[LockFile | None, str]:
    """The lock file that is there, None if there is none; and why a file that is there cannot be read."""
    try:
        with open(path, "rb") as file:
            return read(file.read()), ""
    except FileNotFoundError:
        return None, ""
    except BadLockFile as error:
        return None, str(error)


def _write(path: str, data: bytes) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, data)
    except OSError as error:
        raise NotWritable(str(error.filename or path), error.strerror) from None


def _python(asked: Request, default: str) -> str:
    """The major and minor version to lock for: `default` if it fits, else the oldest that fits; raises EnvironmentProblem."""
    usual = re.match(r"\d+\.\d+", default)
    if usual is None:
        raise EnvironmentProblem(f"`{default}` is not a version of Python: write one such as 3.11")
    named = asked.python or next((version for name, version in asked.packages.items() if name.lower() == "python"), "") or usual[0]
    candidates = [f"{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST)]
    for python in sorted(candidates, key=lambda each: each != usual[0]):
        if any(python_fits(named, f"{python}.{patch}") for patch in range(PATCHES)):
            return python
    known = f"{candidates[0]} to {candidates[-1]}"
    raise EnvironmentProblem(f"an environment asks for Python {named}, and flowport runs tasks with {known}: ask for one of them")


def _merged(found: Mapping[str, Mapping[str, str]]) -> str:
    """The items of all platforms; one that not all of them have in the same version gets a marker."""
    lines = []
    for name in sorted({name for items in found.values() for name in items}):
        versions: dict[str, list[str]] = {}
        for one, items in found.items():
            if name in items:
                versions.setdefault(items[name], []).append(one)
        lines += [item if len(ones) == len(found) else _marked(item, ones) for item, ones in versions.items()]
    return "".join(f"{line}\n" for line in lines)


def _marked(item: str, ones: Sequence[str]) -> str:
    first, newline, rest = item.partition(" \\\n")
    return f"{first} ; {' or '.join(f'({MARKERS[one]})' for one in ones)}{newline}{rest}"
