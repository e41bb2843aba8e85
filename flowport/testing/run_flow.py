"""Runs a whole flow, in processes of its own and with a store of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from flowport.client.options import text
from flowport.client.run import Run
from flowport.client.runner import Runner
from flowport.runtime.names.flow import FlowSpec
from flowport.testing.folders import new_folder
from flowport.testing.problems import RunFailed
from flowport.testing.program import argument_of, opened


def run_flow(
    flow: type[FlowSpec],
    parameters: Mapping[str, Any] | None = None,
    *,
    configs: Mapping[str, Any] | None = None,
    tags: Sequence[str] = (),
    max_workers: int | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Run:
    """Run a flow as `flowport run` does, and return its run. An `IncludeFile` among the parameters is the path of a file.

    The results are in `store`, or in a temporary folder until this process ends. Raises RunFailed with what the run printed if it does
    not succeed, and FlowMistakes if the flow does not compile.
    """
    argument = argument_of(flow)
    found = opened(argument, tuple((name, text(value)) for name, value in (configs or {}).items()))
    place = os.fspath(store) if store is not None else new_folder()
    options: dict[str, Any] = {
        "config_value": dict(configs or {}),
        "run_mutators": found.with_mutators,
        "run_config_parsers": True,
        "store": place,
    }
    runner = Runner(argument, False, **options)
    with runner:
        try:
            given = {name.replace("-", "_"): value for name, value in (parameters or {}).items()}
            done = runner.run(**given, tags=[*tags] or None, max_workers=max_workers)
        except RuntimeError as error:
            raise RunFailed(str(error), None) from None
        if done.status != "successful":
            raise RunFailed(f"the run of {flow.__name__} {done.status}\n{done.stderr}", done.run)
        return done.run
