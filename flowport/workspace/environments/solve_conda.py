"""What a step asks for with `@conda` -> the packages of conda, which rattler finds, for one platform."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flowport.runtime.environments.conda import CondaPackage, channel_name, channels, errors, rattler
from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.environments.lock_file import Request
from flowport.runtime.environments.platforms import CONDA

VIRTUAL = {
    "linux": {"__unix": "0", "__linux": "5.10", "__glibc": "2.28"},
    "macos": {"__unix": "0", "__osx": "13.0"},
}
"""What the packages may take for granted of a machine ("Virtual packages" of conda)."""


def solve(asked: Request, python: str, platform: str) -> tuple[CondaPackage, ...]:
    """The packages, sorted by name; raises EnvironmentProblem."""
    library = rattler()
    try:
        # In a thread of its own: the loop of a notebook runs in this one.
        with ThreadPoolExecutor(1) as thread:
            records = thread.submit(lambda: asyncio.run(_solved(library, asked, python, platform))).result()
    except errors() as error:
        message = f"no versions of these packages fit together for {platform} and Python {python}"
        raise EnvironmentProblem(f"{message}:\n{error}") from error
    return tuple(sorted(_package(record, platform) for record in records))


async def _solved(library: Any, asked: Request, python: str, platform: str) -> list[Any]:
    known = channels()
    named = [channel_name(name.rpartition("::")[0]) for name in asked.packages if "::" in name]
    sources = [*(known.get(name, name) for name in dict.fromkeys(named)), *(each for name, each in known.items() if name not in named)]
    virtual = [
        library.GenericVirtualPackage(library.PackageName(name), library.Version(version), library.BuildString("0"))
        for name, version in VIRTUAL[platform.partition("/")[0]].items()
    ]
    return list(await library.solve(sources, [*_specs(asked, python)], platforms=[CONDA[platform], "noarch"], virtual_packages=virtual))


def _specs(asked: Request, python: str) -> Iterator[str]:
    """What is asked for, as conda matches it."""
    known = channels()
    yield f"python {python}.*"
    for name, version in asked.packages.items():
        channel, _, own = name.rpartition("::")
        if own.lower() != "python":
            address = known.get(channel_name(channel), channel)
            yield f"{f'{address}::' if channel else ''}{own} {_match(version)}".strip()


def _match(version: str) -> str:
    """A version as conda writes it; one without an operator is that version."""
    text = version.strip()
    return f"=={text}" if text[:1].isdigit() and not any(sign in text for sign in "|,*= ") else text


def _package(record: Any, platform: str) -> CondaPackage:
    digest = record.sha256.hex() if record.sha256 is not None else ""
    name, channel = record.name.normalized, channel_name(record.channel or "")
    return CondaPackage(platform, channel, name, str(record.version), str(record.build), digest)
