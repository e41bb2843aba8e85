"""`flowport.toml`, or `[tool.flowport]` in `pyproject.toml`: what differs by environment, in profiles.

store = "s3://ours/flows"            for every profile
profile = "test"                     the profile that is taken when none is named
roots = ["../lib"]                   further folders with modules of the flow's own
include = ["sql/*.sql"]              files that travel with the code

[profiles.prod]                      taken by `--profile prod`, over what stands above
store = "s3://prod/flows"
[profiles.prod.stepfunctions]        what only that target reads
job_queue = "gpu"
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.environments.choice import Environments
from flowport.compiler.ir.secrets import Provisions
from flowport.compiler.project_settings import SharedSettings, TopSettings
from flowport.compiler.python.containment import below
from flowport.workspace.images.settings import environments
from flowport.workspace.secrets.provisions import provisions

FILES = ("flowport.toml", "pyproject.toml")
TABLE = "[tool.flowport"

TYPES = {"text": str, "texts": list, "table": dict, "flag": bool}
TOP_ONLY = (*(setting.name for setting in TopSettings.declared()), "profiles")
SHARED = {setting.name: TYPES[setting.kind] for setting in (*SharedSettings.declared(), *TopSettings.declared())} | {"profiles": dict}
"""The keys that flowport itself reads; some stand at the top only."""


class Config(NamedTuple):
    """The settings that hold for a flow, one profile already merged over the shared ones.

    Paths in them are relative to `folder`. `path` is the file, "" when there is none.
    """

    path: str = ""
    folder: str = ""
    settings: Mapping[str, Any] = {}
    ignored: tuple[str, ...] = ()
    """Files of settings that were passed over, a sentence for each."""
    profile: str | None = None
    """The profile that was taken."""
    shared_store: str | None = None
    """The store that no profile and no target sets: a relative folder is one beside the file, as for the other stores."""

    @property
    def store(self) -> str | None:
        """The store's address, of the profile or of the file."""
        return self.beside(self.settings.get("store"))

    def store_of(self, target: str) -> str | None:
        """The store's address for a target."""
        return self.beside(self.settings.get(target, {}).get("store")) or self.store

    @property
    def target_stores(self) -> dict[str, str]:
        """The stores that the tables of targets name, by target."""
        tables = {
            name: table for name, table in self.settings.items() if name not in SHARED and isinstance(table, dict) and "store" in table
        }
        return {name: self.store_of(name) or "" for name in tables}

    def beside(self, store: str | None) -> str | None:
        """A store's address, seen from here."""
        return store if store is None or ":" in store else os.path.join(self.folder, store)

    @property
    def provisions(self) -> Provisions:
        """What it says of the variables and secrets of flows; raises CompileError."""
        found, mistakes = provisions(self.settings)
        if mistakes:
            raise _refused([_mistake(self.path, *each) for each in mistakes])
        return found

    @property
    def environments(self) -> Environments:
        """What it says of the packages of steps; raises CompileError."""
        return environments(self.settings, os.path.relpath(self.path) if self.path else "")

    @property
    def roots(self) -> tuple[str, ...]:
        """The further source folders."""
        found = {root: os.path.normpath(os.path.join(self.folder, root)) for root in self.settings.get("roots", ())}
        for root, folder in found.items():
            if not os.path.isdir(folder):
                raise _refused([_mistake(self.path, f"there is no folder `{root}`, which `roots` names", ("name one beside this file",))])
        return tuple(found.values())

    def included(self, flow_folder: str) -> tuple[tuple[str, bytes], ...]:
        """The further files of the code package: their paths in it, and their contents."""
        return tuple((place, _contents(path)) for place, path in sorted(self._included(flow_folder).items()))

    def modules(self, flow_folder: str) -> tuple[str, ...]:
        """The paths of those that are Python."""
        return tuple(place for place in sorted(self._included(flow_folder)) if place.endswith(".py"))

    def _included(self, flow_folder: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for pattern in self.settings.get("include", ()):
            matching = sorted(glob.glob(os.path.join(glob.escape(self.folder), pattern), recursive=True))
            if not matching:
                way_out = "patterns are relative to the folder of this file"
                raise _refused([_mistake(self.path, f"nothing matches `{pattern}`, which `include` names", (way_out,))])
            for path in matching:
                if os.path.isfile(path):
                    found[self._inside(path, flow_folder, pattern)] = path
        return found

    def _inside(self, path: str, flow_folder: str, pattern: str) -> str:
        """Where a file goes in the code package: as seen from the flow's folder, or from the root that it is in."""
        from flowport.compiler.imports.folders import places

        for folder, place in places(os.path.abspath(flow_folder), self.roots):
            inside = os.path.relpath(path, folder)
            if inside.split(os.sep)[0] != os.pardir and below(path, [folder]):
                return os.path.join(place, inside).replace(os.sep, "/")
        raise CompileError(
            (
                Diagnostic(
                    "FP491",
                    f"`include` of {self.path} names `{path}`, which is not below the flow's folder `{flow_folder}`",
                    notes=(f"the pattern is `{pattern}`",),
                    help=("move the file beside the flow, or below it, or name its folder in `roots`",),
                ),
            )
        )

    def for_target(self, name: str) -> dict[str, Any]:
        """The settings for one target: its own table over the rest, and as `profile` the name of the profile."""
        rest = {key: value for key, value in self.settings.items() if not isinstance(value, dict)}
        own = self.settings.get(name, {})
        store = {"store": self.store} if self.store and "store" not in own else {}
        return {**rest, **own, **store, **({"profile": self.profile} if self.profile else {})}


def _contents(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def find(start: str, profile: str | None = None) -> Config:
    """The settings for what lies in the folder `start`: of the nearest file above; raises CompileError when that has mistakes."""
    ignored: list[str] = []
    nearest = _nearest(os.path.abspath(start), ignored)
    if nearest is None:
        if profile is not None:
            raise _refused(
                [
                    _mistake(
                        "",
                        f"there is no profile `{profile}`, as there is no flowport.toml",
                        (f"write `[profiles.{profile}]` in a flowport.toml",),
                    )
                ]
            )
        return Config(ignored=tuple(ignored))
    path, document = nearest[0], _named_in_full(*nearest)
    mistakes = list(_mistakes(path, document))
    if mistakes:
        raise _refused(mistakes)
    profile = profile or document.get("profile")
    found = Config(os.path.relpath(path), os.path.dirname(path), _merged(path, document, profile), profile=profile)
    return found._replace(shared_store=found.beside(document.get("store")), ignored=tuple(ignored))


def _named_in_full(path: str, document: dict[str, Any]) -> dict[str, Any]:
    """The settings with the tables of targets under their full names: `[sfn]` is `[stepfunctions]`; raises CompileError for both."""
    from flowport.targets.registry import find as target

    found: dict[str, Any] = {}
    for key, value in document.items():
        named = target(key) if isinstance(value, dict) and key not in SHARED else None
        full = key if named is None else named.name
        if full in found or (full != key and full in document):
            raise _refused([_mistake(path, f"`[{key}]` and `[{full}]` are the same target", ("keep one of the two tables",))])
        found[full] = value
    profiles = document.get("profiles")
    if isinstance(profiles, dict):
        tables = {name: _named_in_full(path, one) if isinstance(one, dict) else one for name, one in profiles.items()}
        found["profiles"] = tables
    return found


def _refused(mistakes: Iterable[Diagnostic]) -> CompileError:
    return CompileError(tuple(mistakes))


def _mistake(path: str, message: str, way_out: tuple[str, ...] = ()) -> Diagnostic:
    return Diagnostic("FP490", f"{os.path.relpath(path)}: {message}" if path else message, help=way_out)


def _nearest(folder: str, ignored: list[str]) -> tuple[str, dict[str, Any]] | None:
    """The settings that are nearest above a folder: no further up than its repository, and only files of the same owner.

    Adds to `ignored` why a file was passed over.
    """
    owners = {0, os.getuid(), os.stat(folder).st_uid} if os.path.isdir(folder) else {0, os.getuid()}
    while True:
        for name in FILES:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            if why := distrust(path, folder, owners):
                ignored.append(f"{os.path.relpath(path)} is ignored: {why}")
            elif (document := _read(path)) is not None:
                return path, document
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = above


def distrust(path: str, folder: str, owners: set[int]) -> str:
    """Why a file of settings is not read: it belongs to another user than `owners`, or a link leads out of its folder. "" when it is."""
    if os.stat(path).st_uid not in owners:
        return "it belongs to another user"
    return "" if below(path, [folder]) else "it is a link that leads out of its folder"


def _read(path: str) -> dict[str, Any] | None:
    """The settings in a file; None for a `pyproject.toml` without any."""
    text = _contents(path).decode(errors="replace")
    shared = path.endswith("pyproject.toml")
    if shared and TABLE not in text:
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise _refused([_mistake(path, f"this is not TOML: {error}")]) from None
    return document.get("tool", {}).get("flowport") if shared else document


def _merged(path: str, document: dict[str, Any], profile: str | None) -> dict[str, Any]:
    """The shared settings with a profile over them, a target's table key by key."""
    profiles = document.get("profiles", {})
    if profile is not None and profile not in profiles:
        known = ", ".join(f"`{name}`" for name in profiles) or "none"
        raise _refused(
            [_mistake(path, f"there is no profile `{profile}`", (*did_you_mean(profile, profiles), f"the profiles are: {known}"))]
        )
    settings = {key: value for key, value in document.items() if key not in TOP_ONLY}
    for key, value in (profiles[profile] if profile is not None else {}).items():
        shared = settings.get(key)
        settings[key] = {**shared, **value} if isinstance(value, dict) and isinstance(shared, dict) else value
    return settings


def _mistakes(path: str, document: dict[str, Any]) -> Iterator[Diagnostic]:
    """Keys that nothing reads, and values of another type than what reads them expects."""
    targets = _Targets()
    yield from _table(path, "", document, targets, top=True)
    profiles = document.get("profiles", {})
    for name, profile in profiles.items() if isinstance(profiles, dict) else ():
        if isinstance(profile, dict):
            yield from _table(path, f"profiles.{name}.", profile, targets, top=False)
        else:
            yield _mistake(path, f"`profiles.{name}` is not a table", (f"write `[profiles.{name}]`",))


class _Targets:
    """The settings that the installed targets read. Finding all of them takes long, one by its name does not."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}
        self._complete = False

    def reads(self, name: str) -> frozenset[str] | None:
        """The settings of a target; None when no target is called that."""
        from flowport.targets.registry import find

        if name not in self._known and not self._complete and (target := find(name)) is not None and target.name == name:
            self._known[name] = frozenset(setting.name for setting in target.settings.declared())
        return self._known.get(name)

    @property
    def all(self) -> dict[str, frozenset[str]]:
        """The settings of every target."""
        if not self._complete:
            from flowport.targets.registry import targets

            self._known = {name: frozenset(setting.name for setting in target.settings.declared()) for name, target in targets().items()}
            self._complete = True
        return self._known


def _table(path: str, prefix: str, table: dict[str, Any], targets: _Targets, top: bool) -> Iterator[Diagnostic]:
    shared = {key: kind for key, kind in SHARED.items() if top or key not in TOP_ONLY}
    for key, value in table.items():
        if key in shared and not (isinstance(value, list) and key == "secrets" and _is_read(key, targets)):
            if not isinstance(value, shared[key]):
                yield _mistake(path, f"`{prefix}{key}` is {_kind(value)}, not {_KINDS[shared[key]]}")
            elif isinstance(value, list) and (wrong := [one for one in value if not isinstance(one, str)]):
                yield _mistake(path, f"`{prefix}{key}` has {_kind(wrong[0])} in it, not texts alone")
        elif isinstance(value, dict) and (known := targets.reads(key)) is not None:
            yield from (_unknown(path, f"{prefix}{key}.{name}", name, {*known, "store"}) for name in value if name not in {*known, "store"})
        elif not any(key in names for names in targets.all.values()):
            names = {name for names in targets.all.values() for name in names}
            yield _unknown(path, prefix + key, key, {*shared, *targets.all, *names})


def _is_read(key: str, targets: _Targets) -> bool:
    """Whether a target has a setting of this name, too: `secrets` of Argo is a list, and that of flowport a table."""
    return any(key in names for names in targets.all.values())


def _unknown(path: str, shown: str, key: str, known: Iterable[str]) -> Diagnostic:
    names = sorted(known)
    return _mistake(
        path, f"nothing reads `{shown}`", did_you_mean(key, names) or ("what may stand there: " + ", ".join(f"`{name}`" for name in names),)
    )


_KINDS = {str: "a text", list: "a list", dict: "a table", bool: "true or false", int: "a number", float: "a number"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a date")
