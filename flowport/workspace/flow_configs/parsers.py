"""Runs the parsers of configs that are code of the user's own, in a process that imports the flow's file, for `--run-config-parsers`."""

from __future__ import annotations

import sys

from flowport.compiler.configs.sources import ParserResult, ParserRun


def run_parsers(wanted: ParserRun) -> tuple[ParserResult, ...]:
    """What each call returned or raised. What the code prints goes to standard error."""
    import json
    import subprocess

    request = {
        "path": wanted.path,
        "class": wanted.class_name,
        "roots": [*wanted.roots],
        "calls": [[call.attribute, call.text] for call in wanted.calls],
    }
    done = subprocess.run(
        [sys.executable, "-m", "flowport.workspace.flow_configs.parser_process"],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        return tuple(ParserResult(found["literal"], found["error"]) for found in json.loads(done.stdout))
    except ValueError:
        error = f"its process ended with exit status {done.returncode}"
        return (ParserResult(error=error),) * len(wanted.calls)
