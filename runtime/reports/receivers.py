"""The systems that get reports, and sending them: clients are loaded when there is something for them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from queue import SimpleQueue
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


def send_all(reports: SimpleQueue[Report | None]) -> None:
    """Send reports to all receivers that the environment asks for, until there is a None. A receiver that fails gets no more."""
    left = [receiver for receiver in RECEIVERS if any(os.environ.get(name) for name in receiver.variables)]
    senders: dict[str, Send] = {}
    first: Report | None = None
    while (report := reports.get()) is not None:
        first = first or report
        for receiver in [receiver for receiver in left if receiver.wants(first, report)]:
            if problem := _problem(receiver, senders, first, report):
                sys.stderr.write(f"flowport: reports: {receiver.name} gets nothing more of this task: {problem}".replace("\n", " ") + "\n")
                left.remove(receiver)


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
