"""Runs the mutators of a flow in a process of its own, which imports the flow; the compiler reads the flow again with what they changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from flowport.compiler.decorators.mutations import AddedParameter, DecoratorChanges, Mutations
from flowport.compiler.decorators.spec import DecoratorSpec
from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir import Flow
from flowport.compiler.package.documents import flow_documents


def run_mutators(flow: Flow, folder: str, decorators: Sequence[DecoratorSpec]) -> Mutations:
    """What the mutators of a flow change, with the decorators of the command line; `folder` is that of the flow's file.

    Raises CompileError when they cannot be run.
    """
    with TemporaryDirectory(prefix="flowport-") as unpacked:
        for path, data in (*flow.files, *flow_documents(flow)):
            full = os.path.join(unpacked, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(data)
        document = _answer(flow, unpacked, folder, decorators)
    if "refused" in document:
        raise CompileError((_refused(flow, document),))
    steps = {name: _changes(one) for name, one in document["steps"].items()}
    parameters = tuple(AddedParameter(name, call, f"parameter {name} of a mutator") for name, call in document["parameters"])
    return Mutations(steps, _changes({**document["flow"], "unwrapped": False}), parameters, tuple(document["removed_parameters"]))


def _answer(flow: Flow, unpacked: str, folder: str, decorators: Sequence[DecoratorSpec]) -> dict[str, Any]:
    beside = any(root.startswith(".flowport/") for root in flow.roots)
    asked = [[one.name, dict(one.arguments), one.origin] for one in decorators]
    request = {"folder": unpacked, "source": None if beside else folder, "decorators": asked}
    command = [sys.executable, "-m", "flowport.workspace.mutators.process"]
    done = subprocess.run(command, input=json.dumps(request), stdout=subprocess.PIPE, encoding="utf-8")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {"refused": f"their process ended with exit status {done.returncode}", "raised": True}
    return answer


def _refused(flow: Flow, document: dict[str, Any]) -> Diagnostic:
    ways_out = ("their output and the traceback are above",) if document.get("raised") else ()
    return Diagnostic("FP129", f"the mutators of `{flow.class_name}` cannot be run: {document['refused']}", flow.span, help=ways_out)


def _changes(document: dict[str, Any]) -> DecoratorChanges:
    added = tuple(DecoratorSpec(name, arguments, origin) for name, arguments, origin in document["added"])
    return DecoratorChanges(tuple(document["removed"]), added, document["unwrapped"])
