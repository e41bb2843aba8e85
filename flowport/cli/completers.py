"""What a shell completes: flow files, and what a local store has. It asks no bucket, and a mistake completes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

NEWEST = 20
"""How many runs of a flow are offered."""


def flow_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The Python files of the folder that is being typed; where it has folders too, the shell completes paths."""
    from click.shell_completion import CompletionItem

    folder, begun = os.path.split(incomplete)
    try:
        entries = [entry for entry in os.scandir(folder or os.curdir) if entry.name.startswith(begun) and not entry.name.startswith(".")]
    except OSError:
        entries = []
    if not entries or any(entry.is_dir() and not entry.name.startswith("__") for entry in entries):
        return [CompletionItem(incomplete, type="file")]
    names = sorted(os.path.join(folder, entry.name) for entry in entries if entry.name.endswith(".py"))
    return [CompletionItem(name) for name in names]


def addresses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """FLOW, FLOW/RUN and FLOW/RUN/STEP of a store that is a folder."""
    from click.shell_completion import CompletionItem

    try:
        found = list(_addresses(ctx, incomplete))
    except (WorkspaceError, CompileError, StoreError, Missing, Corrupt, OSError):
        found = []
    return [CompletionItem(text) for text in found if text.startswith(incomplete)]


def _addresses(ctx: click.Context, incomplete: str) -> Iterator[str]:
    from flowport.runtime.store.open import open_store
    from flowport.workspace.config import find
    from flowport.workspace.runs import names_in
    from flowport.workspace.stores import StoreChoice, is_folder, store_to_read

    choice = StoreChoice(*(ctx.params.get(name) for name in StoreChoice._fields))
    url = store_to_read(choice, find(os.curdir, choice.profile))
    if not is_folder(url) or not os.path.isdir(url.removeprefix("file:")):
        return
    yield from names_in(open_store(url), incomplete, NEWEST)


def target_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Our targets and their aliases."""
    from click.shell_completion import CompletionItem

    from flowport.targets.registry import OURS

    names = sorted({*OURS, *(alias for aliases in OURS.values() for alias in aliases)})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """The codes of diagnostics, with their titles."""
    from click.shell_completion import CompletionItem

    from flowport.compiler.diagnostics.codes import CODES

    return [CompletionItem(code, help=CODES[code].title) for code in sorted(CODES) if code.startswith(incomplete.upper())]
