"""`flowport show FLOW`: the graph as text, SVG or HTML, or the plan that engines get."""

from __future__ import annotations

import sys
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Command
from flowport.cli.console import write_document, writing
from flowport.cli.loading import load_flow
from flowport.compiler.ir.plan import Plan
from flowport.runtime.atomic_file import write_file
from flowport.workspace.flow_file import UNCHANGED, Changes

FORMATS = ("text", "svg", "html")
ENDINGS = {"txt": "text", "svg": "svg", "html": "html"}


class ShowRequest(NamedTuple):
    """A flow to draw, in a format or as the ending of `output` says; or its plan, as text."""

    flow: str
    profile: str | None
    format: str | None
    output: str | None
    plan: bool
    changes: Changes = UNCHANGED


def show(request: ShowRequest) -> int:
    """Print or write the drawing; with `plan` 1 when the plan is not well formed."""
    plan = load_flow(request.flow, request.profile, request.changes).plan
    if request.plan:
        if request.format not in (None, "text"):
            raise WrongUse("`--plan` is text")
        return _show_plan(plan)
    form = request.format or _format(request.output)
    document = _draw(plan, form)
    if request.output:
        with writing(request.output):
            write_file(request.output, document.encode("utf-8", "backslashreplace"))
    elif form == "text":
        sys.stdout.write(document)
    else:
        write_document(document)
    return 0


def _format(path: str | None) -> str:
    """The format that a file's name asks for."""
    if not path:
        return "text"
    ending = path.rpartition(".")[2].lower()
    if ending not in ENDINGS:
        raise WrongUse(f"a drawing cannot be written as `{path}`", f"let the name end in {', '.join(ENDINGS)}, or add `--format`")
    return ENDINGS[ending]


def _draw(plan: Plan, format: str) -> str:
    if format == "svg":
        from flowport.drawing.svg import svg

        return svg(plan)
    if format == "html":
        from flowport.cli.commands.show_page import html

        return html(plan)
    from flowport.compiler.ir.outline import outline

    return outline(plan) + "\n"


def _show_plan(plan: Plan) -> int:
    from flowport.compiler.ir.outline import nodes
    from flowport.compiler.ir.verify import verify

    print("\n".join(nodes(plan.body)))
    problems = verify(plan)
    print("\n".join(["", *problems]) if problems else "\nthe plan is well formed")
    return int(bool(problems))


COMMAND = Command(
    "show",
    "Draw the graph of a flow as text, SVG or HTML",
    ShowRequest,
    show,
    (
        shared.flow(),
        click.Option(
            ["--format"],
            type=click.Choice(FORMATS),
            metavar="FORMAT",
            help="text, svg or html. Default: by the name of the output, else text.",
        ),
        click.Option(["-o", "--output"], metavar="FILE", help="The file to write. Default: standard output."),
        click.Option(["--plan"], is_flag=True, help="Show the plan that engines get, and whether it is well formed."),
        *shared.changes(),
        shared.profile(),
    ),
    examples=("flowport show flow.py", "flowport show flow.py -o graph.svg"),
)
