"""`flowport gc [FLOW...]`: deletes old runs, and what in the store nothing refers to any more."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from flowport.card_pages.texts import size
from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Argument, Command
from flowport.cli.completers import addresses
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.runtime.text import shown
from flowport.workspace.runs import BESIDE
from flowport.workspace.stores import is_folder
from flowport.workspace.times import moment, typed_duration

if TYPE_CHECKING:
    from flowport.workspace.collection.blobs import Removal
    from flowport.workspace.collection.collect import Collected
    from flowport.workspace.collection.stored_runs import StoredRun

KEPT = 10
"""How many runs of each flow stay, whatever their age."""

STAY = {
    "young": "too young",
    "newest": "among the newest",
    "tagged": "tagged",
    "needed": "needed by others",
    "running": "running",
    "linked": "behind a symbolic link",
    "unreadable": "that cannot be read",
}
"""Why runs stay."""

THREADS = 32
"""How many requests are made at once."""


class GcRequest(NamedTuple):
    """Which runs to delete: those of some flows, or of all, that have been over for `older_than` seconds, without those to keep."""

    flows: tuple[str, ...]
    older_than: float
    keep: int
    keep_tags: tuple[str, ...]
    dry_run: bool
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def gc(request: GcRequest) -> int:
    """Delete, and print what was deleted."""
    from flowport.workspace.collection.collect import collect
    from flowport.workspace.collection.retention import Rule

    store = store_to_read(request.store, request.target, request.profile)
    if is_folder(store.url) and not any(os.path.isdir(os.path.join(store.url, name)) for name in BESIDE):
        raise WrongUse(f"there is no store in {store.url}", "--store URL")
    rule = Rule(request.older_than, request.keep, frozenset(request.keep_tags), frozenset(request.flows) or None)
    with ThreadPoolExecutor(THREADS) as pool:
        found = collect(store, rule, pool.map, warn, request.dry_run)
    runs = sorted(found.runs, key=lambda run: (run.keys.flow, run.started))
    if request.json:
        print(as_json(_document(found, runs, request.dry_run)))
    else:
        sys.stdout.writelines(f"{shown(line)}\n" for line in _lines(found, runs, "would delete" if request.dry_run else "deleted"))
        print(f"store: {shown(store.url)}")
    if request.keep_tags and not found.stay.get("tagged"):
        warn(f"flowport gc: no run that may go has the tag {' or '.join(f'`{tag}`' for tag in request.keep_tags)}")
    for problem in found.problems:
        warn(f"flowport gc: no blob was deleted, because this may need some: {problem}")
    return 1 if found.problems else 0


def _lines(found: Collected, runs: list[StoredRun], deleted: str) -> list[str]:
    lines = [f"{run.name}  {moment(run.started)}  {size(run.size)}" for run in runs]
    lines += [f"{run.name} stays: {other.name} needs it" for run, other in sorted(found.kept.items(), key=lambda pair: pair[0].name)]
    lines.append(f"{deleted} {_count(len(runs), 'run')} of {found.of:,}, {size(sum(run.size for run in runs))}")
    if stay := ", ".join(f"{found.stay[why]:,} {said}" for why, said in STAY.items() if why in found.stay):
        lines.append(f"stay: {stay}")
    if found.not_begun:
        lines.append(f"{deleted} what was left of {_count(len(found.not_begun), 'run')} that did not begin")
    if found.unfinished:
        lines.append(f"{deleted} what was left of {_count(found.unfinished, 'run')}")
    if found.left:
        lines.append(f"{_count(found.left, 'run')} left to another `flowport gc`, or to the next one in a day if that was ended")
    return [*lines, *(_blob_lines(found.blobs, deleted) if found.blobs else ())]


def _blob_lines(blobs: Removal, deleted: str) -> list[str]:
    lines = [f"{deleted} {_count(blobs.deleted, 'blob')}, {size(blobs.deleted_size)}"]
    would = "would " if deleted.startswith("would") else ""
    if blobs.aside:
        aside = f"{_count(blobs.aside, 'blob')}, {size(blobs.aside_size)}"
        lines.append(f"{would}set aside {aside}: the first `flowport gc` after two days deletes them")
    if blobs.restored:
        lines.append(f"{would}put back {_count(blobs.restored, 'blob')} that a run needs again")
    return lines


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _document(found: Collected, runs: list[StoredRun], dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "runs": [_run(run) for run in runs],
        "of": found.of,
        "kept": [{**_run(run), "needed_by": other.keys.id} for run, other in found.kept.items()],
        "left": found.left,
        "unfinished": found.unfinished,
        "not_begun": [_left(run) for run in found.not_begun],
        "stay": found.stay,
        "blobs": None if found.blobs is None else found.blobs._asdict(),
        "problems": list(found.problems),
    }


def _run(run: StoredRun) -> dict[str, Any]:
    return {**_left(run), "started": run.started}


def _left(run: StoredRun) -> dict[str, Any]:
    return {"flow": run.keys.flow, "run": run.keys.id, "documents": run.documents, "size": run.size}


def _duration(text: str) -> float:
    try:
        return typed_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise click.BadParameter(f"`{text}` is not a whole number from 0 on")
    return int(text)


COMMAND = Command(
    "gc",
    "Delete old runs, and what nothing needs any more",
    GcRequest,
    gc,
    (
        Argument(
            "flows",
            "Delete only runs of these flows. Default: all flows.",
            nargs=-1,
            required=False,
            metavar="FLOW",
            shell_complete=addresses,
        ),
        click.Option(
            ["--older-than"],
            metavar="TIME",
            type=_duration,
            required=True,
            help="Delete runs that have been over for so long, such as 30d or 12h: s, m, h, d and w are the units. "
            "A run that is not done stays for an hour after its last sign.",
        ),
        click.Option(
            ["--keep"],
            metavar="N",
            type=_number,
            default=str(KEPT),
            help=f"Keep the N newest runs of each flow, and of each branch of a project. Default: {KEPT}.",
        ),
        click.Option(["--keep-tag", "keep_tags"], metavar="TAG", multiple=True, help="Keep runs with this tag. You can repeat it."),
        click.Option(["--dry-run"], is_flag=True, help="Delete nothing: print what would be deleted."),
        click.Option(["--json"], is_flag=True, help="Print one JSON document."),
        *shared.store_to_read(),
    ),
    help="The newest run that is done stays too, and so does a run that another one needs which stays. See docs/store.md.",
    examples=(
        "flowport gc --older-than 30d --dry-run",
        "flowport gc --older-than 30d --keep 10 --keep-tag release",
        "flowport gc TrainFlow --older-than 12h --keep 0 --store s3://my-bucket/flows",
    ),
)
