"""`flowport tag add|remove|replace|list FLOW/RUN TAG...`: the tags of a run, which can be changed at any time."""

from __future__ import annotations

from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Argument, Command
from flowport.cli.completers import addresses
from flowport.cli.console import as_json, warn
from flowport.cli.loading import store_to_read
from flowport.runtime.text import shown
from flowport.workspace.address import Address
from flowport.workspace.runs import TagChange, change_tags, find_record, tags_of

ACTIONS = ("add", "remove", "replace", "list")


class TagRequest(NamedTuple):
    """What to do with the tags of a run: the latest of its flow unless one is named."""

    action: str
    address: Address
    tags: tuple[str, ...]
    json: bool
    store: str | None
    target: str | None
    profile: str | None


def tag(request: TagRequest) -> int:
    """Change the tags, and print those that the run has then."""
    change, address = _change(request), request.address
    if address.step is not None:
        raise WrongUse(f"`{'/'.join(filter(None, address))}` names a step, but a whole run has tags", f"{address.flow}/{address.run}")
    store = store_to_read(request.store, request.target, request.profile)
    record = find_record(store, address, warn)
    found = change_tags(store, record, change) if change else tags_of(store, record)
    if request.json:
        print(as_json({"flow": record["flow"], "run": record["run"], "tags": found, "system_tags": record["system_tags"] or []}))
        return 0
    print(shown(f"{record['flow']}/{record['run']}: {', '.join(found) or 'no tags'}"))
    if request.action == "list" and record["system_tags"]:
        print(shown(f"system tags, which do not change: {', '.join(record['system_tags'])}"))
    return 0


def _change(request: TagRequest) -> TagChange | None:
    """What the words ask for; None to list the tags."""
    words, example = request.tags, f"flowport tag {request.action} {request.address.flow}"
    match request.action:
        case "list" if not words:
            return None
        case "list":
            raise WrongUse(f"`{words[0]}` is one argument too many: `list` takes no tags", f"{example}")
        case "replace" if len(words) != 2:
            raise WrongUse(f"`replace` takes two tags, and {len(words)} {'is' if len(words) == 1 else 'are'} given", f"{example} OLD NEW")
        case "replace":
            return TagChange(remove=words[:1], add=words[1:])
        case _ if not words:
            raise WrongUse(f"`{request.action}` takes at least one tag", f"{example} TAG")
        case "add":
            return TagChange(add=words)
        case _:
            return TagChange(remove=words)


COMMAND = Command(
    "tag",
    "Change or list the tags of a run",
    TagRequest,
    tag,
    (
        Argument("action", "add, remove, replace or list.", type=click.Choice(ACTIONS), metavar="ACTION"),
        Argument(
            "address",
            "The run. RUN can be `latest`, which is also the default.",
            metavar="FLOW/RUN",
            type=Address.parse,
            shell_complete=addresses,
        ),
        Argument("tags", "The tags; for `replace` the old one and the new one.", nargs=-1, required=False, metavar="TAG"),
        click.Option(["--json"], is_flag=True, help="Print a JSON document with the tags that the run has then."),
        *shared.store_to_read(),
    ),
    help="`flowport runs --tag TAG` lists the runs with a tag. "
    "System tags, such as `user:NAME`, say how a run was started and do not change.",
    examples=(
        "flowport tag add TrainFlow/20261121-071334-c8996f reviewed",
        "flowport tag replace TrainFlow candidate production",
        "flowport tag list TrainFlow/latest",
    ),
)
