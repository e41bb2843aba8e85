"""`flowport show FLOW`: the graph as text, SVG or HTML, or the plan that engines get."""

from __future__ import annotations

import sys

from flowport.cli.console import write_document
from flowport.cli.flow_file import FLOW, PROFILE, open_flow
from flowport.cli.options import Command, Option, Values, WrongUse
from flowport.cli.place import writing
from flowport.compiler.ir.plan import Plan

FORMATS = ("text", "svg", "html")
ENDINGS = {"txt": "text", "svg": "svg", "html": "html"}


def show(values: Values) -> int:
    """Print or write the drawing; with `--plan` 1 when the plan is not well formed."""
    plan = open_flow(values).plan
    if values["plan"]:
        if values["format"] not in (None, "text"):
            raise WrongUse("`--plan` is text")
        return _show_plan(plan)
    form = values["format"] or _format(values["output"])
    document = _draw(plan, form)
    if values["output"]:
        with writing(values["output"]), open(values["output"], "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(document)
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
        raise WrongUse(f"a drawing cannot be written as `{path}`", f"let the name end in {', '.join(ENDINGS)}, or say `--format`")
    return ENDINGS[ending]


def _draw(plan: Plan, format: str) -> str:
    if format == "svg":
        from flowport.cli.draw.svg import svg

        return svg(plan)
    if format == "html":
        from flowport.cli.draw.html import html

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
    "show", "draw a flow's graph", show, (FLOW,),
    (
        Option("format", "text, svg or html (what the name of the output says, else text)", "FORMAT", choices=FORMATS),
        Option("output", "the file to write (standard output)", "FILE", short="o"),
        Option("plan", "show the plan that engines get, and whether it is well formed"),
        PROFILE,
    ),
)  # fmt: skip
