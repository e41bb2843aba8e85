"""Environments of conda: the lines of a lock file about its packages, and installing them with rattler.

    conda linux/amd64 conda-forge::numpy=1.26.4=py311h64a7726_0 sha256=...

A line has a channel by its name. Its address comes from the settings of whoever installs: `CONDA_CHANNELS`, `.condarc`, else what rattler
knows. rattler is a library, so that there need be no conda on the machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from flowport.runtime.environments import tools
from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.environments.lock_file import read
from flowport.runtime.environments.platforms import CONDA, here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowport.runtime.environments.lock_file import LockFile

DEFAULT_CHANNELS = ("conda-forge",)

_LINE = re.compile(
    r"conda (?P<platform>\S+) (?P<channel>\S+?)::(?P<name>[^=\s]+)=(?P<version>[^=\s]+)=(?P<build>\S+) sha256=(?P<sha256>\w*)"
)


class CondaPackage(NamedTuple):
    """A package of conda on one platform. `sha256` is "" where the channel does not say it."""

    platform: str
    channel: str
    name: str
    version: str
    build: str
    sha256: str

    @property
    def line(self) -> str:
        """Its line in a lock file."""
        return f"conda {self.platform} {self.channel}::{self.name}={self.version}={self.build} sha256={self.sha256}"


def conda_packages(lines: str) -> Iterator[CondaPackage]:
    """The packages of conda among the lines of a lock file."""
    for line in lines.splitlines():
        if found := _LINE.fullmatch(line):
            yield CondaPackage(**found.groupdict())


def of_pip(lines: str) -> str:
    """The other lines, which are for pip."""
    return "".join(line for line in lines.splitlines(keepends=True) if not line.startswith("conda "))


def rattler() -> Any:
    """The library; raises EnvironmentProblem if it is not installed."""
    try:
        import rattler
    except ImportError:
        raise EnvironmentProblem(
            "environments of conda need the library rattler: pip install 'flowport[conda]'; "
            'or write `conda = "pypi"` in flowport.toml, which takes the packages of the same names from PyPI'
        ) from None
    return rattler


def errors() -> tuple[type[Exception], ...]:
    """What the library raises; its errors have no class in common."""
    from rattler import exceptions

    return tuple(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception))


def channels() -> dict[str, str]:
    """The channels that the user's conda takes packages from, by name in their order: names or addresses."""
    given = os.environ.get("CONDA_CHANNELS", "").replace(",", " ").split() or [*_of_condarc()] or [*DEFAULT_CHANNELS]
    return {channel_name(each): each for each in given}


def channel_name(channel: str) -> str:
    """What a lock file calls a channel: the last part of its address."""
    return channel.rstrip("/").rpartition("/")[2] if "://" in channel else channel


def _of_condarc() -> Iterator[str]:
    import yaml

    for path in filter(None, (os.environ.get("CONDARC"), os.path.expanduser("~/.condarc"))):
        try:
            with open(path, encoding="utf-8") as file:
                found = yaml.safe_load(file)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise EnvironmentProblem(f"the settings of conda in {path} cannot be read: {error}") from error
        named = found.get("channels") if isinstance(found, dict) else None
        if isinstance(named, list):
            yield from (str(each) for each in named if each != "defaults")
            return


def install(lock: LockFile, path: str, prefix: str) -> None:
    """Install the packages of conda of the lock file at `path` into a new prefix; raises EnvironmentProblem.

    In a process of its own: rattler leaves threads, which a process that goes on as another program must not have.
    """
    rattler()
    tools.run([sys.executable, "-m", "flowport.runtime.environments.conda", path, prefix], f"the environment `{lock.name}` cannot be made")


def main() -> None:
    """`python -m flowport.runtime.environments.conda LOCK PREFIX`"""
    with open(sys.argv[1], "rb") as file:
        lock = read(file.read())
    wanted = [package for package in conda_packages(lock.lines) if package.platform == here()]
    failures: tuple[type[Exception], ...] = (EnvironmentProblem, *errors())
    try:
        asyncio.run(_install(rattler(), wanted, sys.argv[2]))
        code = 0
    except failures as error:
        print(error, file=sys.stderr, flush=True)
        code = 1
    os._exit(code)  # threads of rattler are still there, and Python would stop in them


async def _install(library: Any, wanted: list[CondaPackage], prefix: str) -> None:
    known = channels()
    records = []
    for channel in dict.fromkeys(package.channel for package in wanted):
        own = [package for package in wanted if package.channel == channel]
        specs = [package.name for package in own]
        found = await library.Gateway().query([known.get(channel, channel)], [CONDA[here()], "noarch"], specs, recursive=False)
        there = {(record.name.normalized, str(record.version), str(record.build)): record for records_ in found for record in records_}
        records += [_checked(there.get((package.name, package.version, package.build)), package) for package in own]
    await library.install(records, target_prefix=prefix, show_progress=False)


def _checked(record: Any, package: CondaPackage) -> Any:
    """The record of a package, which must be the locked one."""
    spelled = f"{package.channel}::{package.name}={package.version}={package.build}"
    if record is None:
        raise EnvironmentProblem(f"the channel `{package.channel}` no longer has `{spelled}`: lock again with `flowport lock`")
    if package.sha256 and record.sha256 is not None and record.sha256.hex() != package.sha256:
        raise EnvironmentProblem(f"`{spelled}` has other bytes than when it was locked")
    return record


if __name__ == "__main__":
    main()
