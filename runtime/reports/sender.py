"""The process that sends the reports of a task: it reads them line by line, and is the one that loads the libraries of the receivers."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from flowport.runtime.protocol import REPORTS
from flowport.runtime.reports.report import Report, Send


class Receiver(NamedTuple):
    """A system that gets reports: its name, the extra of flowport that has its client, the variables that ask for it, and its connection.

    `wants` says whether a report has something for it: its client, which takes seconds to load, is loaded for the first one.
    """

    name: str
    extra: str
    variables: tuple[str, ...]
    wants: Callable[[Report, Report], bool]
    connect: Callable[[], Send]


def _openlineage() -> Send:
    from flowport.runtime.reports.openlineage import Lineage

    return Lineage().send


def _mlflow() -> Send:
    # By default the client tries for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    from flowport.runtime.reports.mlflow import Tracking

    return Tracking().send


def _is_for_mlflow(first: Report, report: Report) -> bool:
    begins = report["event"] == "start" and first["run_begins"]
    return bool(begins or report.get("run_is_over") or report.get("metrics") or report.get("files"))


RECEIVERS = (
    Receiver("OpenLineage", "openlineage", REPORTS[:-1], lambda first, report: True, _openlineage),
    Receiver("MLflow", "mlflow", REPORTS[-1:], _is_for_mlflow, _mlflow),
)

RUNNING = 60.0
"""Seconds between two reports that a task still runs."""


def main() -> int:
    """Send what stands on standard input; 1 when something could not be sent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the task gets them, and says how it ended
    sys.path[:] = [folder for folder in sys.path if folder]  # nothing of the folder that the task works in
    left = [receiver for receiver in RECEIVERS if any(os.environ.get(name) for name in receiver.variables)]
    senders: dict[str, Send] = {}
    first: Report | None = None
    failed = False
    for report in _reports(sys.stdin.buffer.fileno()):
        first = first or report
        for receiver in [receiver for receiver in left if receiver.wants(first, report)]:
            problem = _problem(receiver, senders, first, report)
            if problem:
                sys.stderr.write(f"flowport: reports: {receiver.name} gets nothing more of this task: {problem}".replace("\n", " ") + "\n")
                left.remove(receiver)
                failed = True
    return int(failed)


def _problem(receiver: Receiver, senders: dict[str, Send], first: Report, report: Report) -> str:
    """Send a report; why that did not work, or ""."""
    try:
        if receiver.name not in senders:
            senders[receiver.name] = receiver.connect()
        senders[receiver.name](first, report)
    except ImportError as error:
        return f"{error}: install `flowport[{receiver.extra}]` where tasks run"
    except Exception as error:  # whatever a client raises, such as one whose server is gone or whose settings are wrong
        return f"`{report['event']}` was not sent: {type(error).__name__}: {error}"
    return ""


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


if __name__ == "__main__":
    sys.exit(main())
