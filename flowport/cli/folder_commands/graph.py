"""`flowport graph PATH...`: which flows start which, what is wrong between them, and what follows when one of them runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse, closest
from flowport.cli.command import Argument, Command
from flowport.cli.console import as_json, colored, say, warn, write_document, writing
from flowport.compiler.chains.graph import FlowGraph, graph_of
from flowport.compiler.chains.impact import Follower, impact
from flowport.compiler.chains.problems import problems, unused_names
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.diagnostics.render import FORMATS, Format, entries, render, summary
from flowport.runtime.atomic_file import write_file
from flowport.runtime.text import shown
from flowport.workspace.chains.read import read_flows
from flowport.workspace.flow_file import has_errors


class GraphRequest(NamedTuple):
    """Folders and files with flows. `impact` is a flow whose followers are shown; with `check`, what is wrong, in a format."""

    paths: tuple[str, ...]
    impact: str | None
    check: bool
    format: Format
    output: str | None
    elsewhere: tuple[str, ...]
    json: bool
    profile: str | None


class Found(NamedTuple):
    """The graph, what is wrong with it, and the flow whose impact is asked for, with what follows it."""

    graph: FlowGraph
    diagnostics: tuple[Diagnostic, ...]
    first: str | None
    followers: tuple[Follower, ...]


def graph(request: GraphRequest) -> int:
    """Print or write the graph; with `check` print what is wrong, and 1 when there are errors."""
    _check_use(request)
    found = _find(request)
    if request.output:
        _write_picture(found, request.output)
        if not request.json and request.format == "text":
            print(request.output)
    if request.json:
        print(as_json(_document(found), indent=2))
    elif request.check:
        _print_diagnostics(found, request.format)
    elif request.impact or not request.output:
        _print_text(found)
    if found.diagnostics and not request.check:
        warn(f"flowport graph: {summary(found.diagnostics)}; add --check to see them")
    return int(request.check and has_errors(found.diagnostics))


def _check_use(request: GraphRequest) -> None:
    """Refuse options that do not go together."""
    if request.format != "text" and not request.check:
        raise WrongUse("`--format` is that of what `--check` finds", "add --check; `--json` prints the graph as JSON")
    if request.check and request.impact:
        raise WrongUse("`--check` prints what is wrong, and `--impact` what follows a flow", "leave one out")
    if request.output and not request.output.lower().endswith(".svg"):
        raise WrongUse(f"the graph cannot be written as `{request.output}`", "let the name end in .svg; --json prints it as JSON")


def _find(request: GraphRequest) -> Found:
    """What there is to show; raises CompileError if an argument names no flow or none is known, unless what is wrong is asked for."""
    read = read_flows(request.paths, request.profile)
    say((), read.ignored)
    if not request.check and (read.absent or not read.flows):
        raise CompileError(read.absent or read.errors)
    made = graph_of(read.flows)
    if not read.errors:  # a flow with errors may have the trigger
        for name, ways_out in unused_names(made, request.elsewhere).items():
            warn(f"flowport graph: {'; '.join([f'no trigger names the flow `{name}` of `--elsewhere`', *ways_out])}")
    first = _named(made, request.impact) if request.impact else None
    followers = impact(made, first) if first is not None else ()
    return Found(made, (*read.errors, *problems(made, request.elsewhere)), first, followers)


def _named(made: FlowGraph, name: str) -> str:
    """The id of a flow, by its id or by its name without project and branch."""
    flows = [node for node in made.nodes if node.is_flow]
    here = [node for node in flows if node.kind != "elsewhere"]
    fitting = [node.id for node in flows if name in (node.id, node.deployment)] or [node.id for node in here if node.title == name]
    if len(fitting) > 1:
        raise WrongUse(f"there are {len(fitting)} flows `{name}`", f"--impact {' or --impact '.join(fitting)}")
    if not fitting:
        names = [node.title for node in here]
        raise WrongUse(f"there is no flow `{name}`", closest(name, names) or f"the flows are {', '.join(dict.fromkeys(names))}")
    return fitting[0]


def _write_picture(found: Found, path: str) -> None:
    from flowport.drawing.chains import chain_svg

    with writing(path):
        write_file(path, chain_svg(found.graph, found.first, found.followers).encode("utf-8", "backslashreplace"))


def _print_text(found: Found) -> None:
    from flowport.cli.folder_commands.graph_text import impact_lines, lines

    text = lines(found.graph) if found.first is None else impact_lines(found.graph, found.first, found.followers)
    sys.stdout.writelines(f"{shown(line)}\n" for line in text)


def _print_diagnostics(found: Found, format: Format) -> None:
    text = render(found.diagnostics, format, colour=colored(sys.stdout))
    if format != "text":
        write_document(text)
        return
    sys.stdout.write(text)
    if found.diagnostics:
        print("\n" + summary(found.diagnostics))
    else:
        count = len(found.graph.flows)
        print(f"{count} flow{'s' * (count != 1)} fit{'s' * (count == 1)} together")


def _document(found: Found) -> dict[str, Any]:
    """The document of `--json`. New keys may be added; those that are there keep their meaning."""
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "name": node.title,
            "note": node.note or None,
            "twin": node.is_twin,
            "file": node.span.file if node.span and node.is_flow else None,
            "line": node.span.line if node.span and node.is_flow else None,
        }
        for node in found.graph.nodes
    ]
    edges = [{"from": edge.source, "to": edge.target, "kind": edge.kind} for edge in found.graph.edges]
    document = {"nodes": nodes, "edges": edges, "diagnostics": entries(found.diagnostics)}
    return document if found.first is None else {**document, "impact": _impact(found.first, found.followers)}


def _impact(first: str, followers: Sequence[Follower]) -> dict[str, Any]:
    flows = [{"flow": one.flow, "depth": one.depth, "way": list(one.way), "needs": list(one.needs)} for one in followers]
    return {"flow": first, "followers": flows}


COMMAND = Command(
    "graph",
    "Show which flows start which, and check that they fit together",
    GraphRequest,
    graph,
    (
        Argument(
            "paths",
            "Folders with flows, files, or FILE.py:ClassName. Flows in folders below count too.",
            metavar="PATH",
            nargs=-1,
            required=True,
            type=click.Path(path_type=str),
        ),
        click.Option(["--impact"], metavar="FLOW", help="Show the flows that follow when this flow runs."),
        click.Option(["--check"], is_flag=True, help="Print what is wrong instead of the graph. Exits with 1 if there are errors."),
        click.Option(
            ["--format"],
            type=click.Choice(FORMATS),
            default="text",
            metavar="FORMAT",
            help="How --check prints: text, json, github or sarif. Default: text.",
        ),
        click.Option(["-o", "--output"], metavar="FILE.svg", help="Draw the graph into this file."),
        click.Option(
            ["--elsewhere"],
            metavar="FLOW",
            multiple=True,
            help="A flow without a project that is deployed from other files: a trigger may name it.",
        ),
        shared.json(),
        shared.profile(),
    ),
    help="Reads the source and runs none of it. A flow with errors is named, and the others are shown.",
    examples=("flowport graph flows/", "flowport graph flows/ --check", "flowport graph flows/ --impact TrainFlow -o graph.svg"),
)
