"""Flows written in a test: source text in, what the frontend makes of it out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from flowport.compiler.check.flow import check
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow
from flowport.compiler.parse.flow import parse

IMPORTS = "from flowport import FlowSpec, IncludeFile, JSONType, Parameter, catch, environment, resources, retry, step, timeout\n\n"
END = "\n@step\ndef end(self):\n    pass\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder; the path of the first."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder / next(iter(files))


def class_of(body: str, head: str = "", base: str = "FlowSpec") -> str:
    """A file with one flow class of this body."""
    return IMPORTS + dedent(head) + f"\n\nclass TrainFlow({base}):\n" + indent(dedent(body), "    ")


def read(path: Path, roots: tuple[str, ...] = ()) -> tuple[Flow, tuple[Diagnostic, ...]]:
    """The flow in a file, with all that there is to say about it."""
    flow, found = parse(path, None, roots)
    assert flow is not None, found
    return flow, (*found, *check(flow))


def fine(path: Path, roots: tuple[str, ...] = ()) -> Flow:
    """The flow in a file about which there is nothing to say."""
    flow, found = read(path, roots)
    assert found == ()
    return flow


def codes(found: tuple[Diagnostic, ...]) -> list[str]:
    """The codes of diagnostics."""
    return [one.code for one in found]
