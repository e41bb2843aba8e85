"""How many public flows compile as they are: `python bench/public_flows.py` fetches the repositories of public_flows.txt into a temporary
folder, examines them as `flowport doctor` does, and prints the numbers, and with `--causes` what stops the others.

A flow counts once, however many files have the same bytes. `--clones` names clones that are already here, as a pattern of their git
folders: `--clones '/clones/{owner}/{name}.git'`. `--run-mutators` also counts the flows that compile after their mutators have run:
this imports code of these repositories, so use it in a container only.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from flowport.targets.registry import OURS
from flowport.workspace.folders.causes import causes, mendings
from flowport.workspace.folders.doctor import Examination, ExaminedFlow, examine

LIST = Path(__file__).with_name("public_flows.txt")
ADDRESS = "https://github.com/{owner}/{name}"

LARGEST = 2**20
"""The size of the largest file that is looked at, in bytes; flows and what they include are smaller."""

LINK = "120000"
"""The mode of a symbolic link (gitformat-index(5))."""


class Repository(NamedTuple):
    """A repository at a commit; `folders` are those that count, none for all."""

    group: str
    owner: str
    name: str
    commit: str
    folders: tuple[str, ...]


def repositories(text: str) -> Iterator[Repository]:
    """The repositories of the list, in groups."""
    group = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            group = line.strip("[]")
        elif not line.startswith("#"):
            full, commit, *folders = line.split()
            owner, name = full.split("/")
            yield Repository(group, owner, name, commit, tuple(folders))


def unpack(repository: Repository, clones: str | None, folder: Path) -> None:
    """The files of the commit, in `folder`."""
    names = {"owner": repository.owner, "name": repository.name}
    git = Path(clones.format(**names)) if clones else folder.parent / f"{repository.name}.git"
    if not clones:
        git.mkdir(parents=True)
        _git(git, "init", "-q", "--bare")
        _git(git, "fetch", "-q", "--depth", "1", ADDRESS.format(**names), repository.commit)
    files = dict(_files(_git(git, "ls-tree", "-rlz", repository.commit, *repository.folders).decode(errors="replace")))
    blobs = BytesIO(_git(git, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in files.values())))
    for path in files:
        size = int(blobs.readline().split()[2])
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(blobs.read(size))
        blobs.read(1)  # the end of the line


def _git(folder: Path, *words: str, given: str = "") -> bytes:
    """What git prints about a git folder."""
    return subprocess.run(["git", "-C", folder, *words], input=given.encode(), check=True, stdout=subprocess.PIPE).stdout


def _files(listing: str) -> Iterator[tuple[str, str]]:
    """The paths and the names of the files of a tree that are not large, without links."""
    for line in filter(None, listing.split("\0")):
        about, path = line.split("\t", 1)
        mode, kind, blob, size = about.split()
        if kind == "blob" and mode != LINK and size.isdigit() and int(size) <= LARGEST:
            yield path, blob


def once(found: Examination) -> Examination:
    """The same without flows of files that are copies of another."""
    seen: dict[tuple[str, str], ExaminedFlow] = {}
    for flow in found.flows:
        digest = sha256((Path(found.folder) / flow.file).read_bytes()).hexdigest()
        seen.setdefault((digest, flow.name), flow)
    return found._replace(flows=tuple(seen.values()))


def report(group: str, count: int, found: Examination, with_causes: bool) -> None:
    """The numbers of a group."""
    total, every = len(found.flows), sum(flow.compiles_for_all for flow in found.flows)
    quiet = sum(flow.compiles_for_all and not flow.diagnostics and not any(flow.targets.values()) for flow in found.flows)
    print(f"{group}: {every} of {total} flows in {count} repositories compile for every engine ({every * 100 / total:.0f} %), ", end="")
    print(f"{quiet} without a warning ({quiet * 100 / total:.0f} %); {sum(flow.runs for flow in found.flows)} run on this machine")
    if looked := [flow for flow in found.flows if flow.mutated is not None]:
        print(f"  {sum(flow.compiles_mutated for flow in looked)} more compile with `--run-mutators`, of {len(looked)} with mutators")
    for mending in mendings(found, causes(found)) if with_causes else ():
        cause = mending.cause
        name = " ".join(filter(None, (cause.code, cause.subject or cause.title, cause.target)))
        print(f"  {name}: {len(cause.flows)} flows, +{mending.gained} -> {mending.compile}")


def main() -> None:
    parser = argparse.ArgumentParser(description="how many public flows compile as they are")
    parser.add_argument("--clones", help="a pattern of git folders, with {owner} and {name}; otherwise the repositories are fetched")
    parser.add_argument("--causes", action="store_true", help="print what stops the others")
    parser.add_argument("--run-mutators", action="store_true", help="also run the mutators of these flows, which imports them")
    options = parser.parse_args()
    groups: dict[str, list[Repository]] = {}
    for repository in repositories(LIST.read_text(encoding="utf-8")):
        groups.setdefault(repository.group, []).append(repository)
    with tempfile.TemporaryDirectory(prefix="public-flows") as folder:
        for group, members in groups.items():
            place = Path(folder) / group.replace(" ", "-")
            for one in members:
                unpack(one, options.clones, place / one.owner / one.name)
            found = examine(str(place), tuple(OURS), run_mutators=options.run_mutators)
            report(group, len(members), once(found), options.causes)


if __name__ == "__main__":
    main()
