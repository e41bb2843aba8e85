"""`python -m flowport.targets.airflow.dry_run_process FILE RUN FORM`: the process of a dry run in which Airflow is; FORM is a file of JSON.

Writes a JSON object per line: each task that ended, and at last the state of the run. When its standard input is closed it ends, with
the task that it runs.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import threading
from collections import deque
from datetime import timedelta
from types import ModuleType
from typing import Any

from flowport.runtime.hooks.constants import COMMAND_WORD

LINES = 40
"""The last lines of a task's output that are kept."""


def main(path: str, run: str, form: dict[str, Any]) -> None:
    """Run the DAG of a file by Airflow's own `dag.test()`, task after task; retries are not waited for."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(event: dict[str, Any]) -> None:
        print(json.dumps(event), file=lines, flush=True)

    module = _loaded(path)
    _watched(module, say)
    from airflow.models.dagrun import DagRun

    DagRun.generate_run_id = staticmethod(lambda *given, **named: run)  # type: ignore[method-assign, unused-ignore]
    for task in module.dag.tasks:
        task.retry_delay = timedelta(0)
    say({"state": str(getattr(state := module.dag.test(run_conf=form).state, "value", state))})


def _loaded(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dag_file", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class OutputLog(logging.LoggerAdapter):  # type: ignore[type-arg]
    """The log of a task, with the output of its process."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger, {})
        self.lines: deque[str] = deque(maxlen=LINES)

    def info(self, msg: object, *args: object, **more: Any) -> None:
        self.lines.append(str(msg) % args)
        super().info(msg, *args, **more)


def _watched(module: ModuleType, say: Any) -> None:
    """Report how each task of the file ends, and kill the running one if the reader of the reports has ended."""
    execute = module.Step.execute
    running: list[Any] = []
    log = module.Step.log = OutputLog(logging.getLogger("flowport"))

    def said(self: Any, context: Any) -> Any:
        if self.command[-1] == COMMAND_WORD:
            return execute(self, context)
        running.append(self)
        log.lines.clear()
        try:
            return execute(self, context)
        finally:
            running.remove(self)
            event = {"step": self.environment["FLOWPORT_STEP"], "slice": self.environment["FLOWPORT_SLICE"]}
            exit_code = 1 if self.process is None else self.process.poll()
            say({**event, "rest": self.command[-1] == "block", "exit": exit_code, "printed": "\n".join(log.lines)})

    def end() -> None:
        sys.stdin.read()
        for task in list(running):
            task.on_kill()
        os._exit(1)

    module.Step.execute = said
    threading.Thread(target=end, daemon=True).start()


if __name__ == "__main__":
    with open(sys.argv[3]) as file:
        form = json.load(file)
    main(sys.argv[1], sys.argv[2], form)
