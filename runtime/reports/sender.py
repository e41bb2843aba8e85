"""The process that sends the reports of a task: it reads them line by line, and is the one that loads the libraries of the receivers."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Report = dict[str, Any]


class Receiver(NamedTuple):
    """A system that gets reports: how messages name it, what the task needs for it, and what makes a function that sends one report."""

    name: str
    package: str
    variables: tuple[str, ...]
    connect: Callable[[], Callable[[Report, Report], None]]


def _openlineage() -> Callable[[Report, Report], None]:
    from flowport.runtime.reports.openlineage import Lineage

    return Lineage().send


def _mlflow() -> Callable[[Report, Report], None]:
    from flowport.runtime.reports.mlflow import Tracking

    return Tracking().send


RECEIVERS = (
    Receiver("OpenLineage", "openlineage", ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE"), _openlineage),
    Receiver("MLflow", "mlflow", ("MLFLOW_TRACKING_URI",), _mlflow),
)

RUNNING = 60.0
"""Seconds between two reports that a task still runs."""


def main() -> int:
    """Send what stands on standard input; 1 when something could not be sent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the task gets them, and says how it ended
    sys.path[:] = [folder for folder in sys.path if folder]  # nothing of the folder that the task works in
    code = 0
    senders = {}
    for receiver in RECEIVERS:
        if any(os.environ.get(name) for name in receiver.variables):
            try:
                senders[receiver.name] = receiver.connect()
            except ImportError as error:
                _warn(f"{receiver.name} gets nothing: {error}: install `flowport[{receiver.package}]` where tasks run")
                code = 1
            except Exception as error:  # whatever a client raises for its settings
                _warn(f"{receiver.name} gets nothing: {type(error).__name__}: {error}")
                code = 1
    first: Report | None = None
    for report in _reports(sys.stdin.buffer.fileno()):
        first = first or report
        for name in list(senders):
            try:
                senders[name](first, report)
            except Exception as error:  # whatever a client raises, such as one whose server is gone
                _warn(f"{name} did not get `{report['event']}`, and gets no more of this task: {type(error).__name__}: {error}")
                del senders[name]
                code = 1
    return code


def _reports(source: int) -> Iterator[Report]:
    """The reports, with one each `RUNNING` seconds that the task still runs; a task that ends without a word was killed."""
    rest, is_over, last = b"", False, 0.0
    while True:
        ready, _, _ = select.select([source], [], [], RUNNING)
        if not ready:
            yield {"event": "running", "time": None}
            continue
        data = os.read(source, 1 << 16)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            report = json.loads(line)
            last, is_over = report["time"], report["event"] in ("done", "failed")
            yield report
    if last and not is_over:
        yield {"event": "failed", "time": None, "message": "the task was killed", "traceback": "", "run_is_over": False}


def _warn(what: str) -> None:
    sys.stderr.write(f"flowport: reports: {what}\n".replace("\n", " ").rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
