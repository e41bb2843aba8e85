"""The process that sends the reports of a task. It reads them line by line, at once, and sends them beside that, however slow a server is.

It ends when the task says that it is over, or when the task is gone, at the latest `PATIENCE` seconds after that.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread

from flowport.runtime.reports.receivers import send_all
from flowport.runtime.reports.report import PATIENCE, Report

RUNNING = 60.0
"""Seconds between two reports that a task still runs."""

LOOK = 1.0
"""Seconds between two looks whether the task is still there: what it has forked may keep its end of the pipe open."""


def main() -> None:
    """Send what stands on standard input."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the task gets them, and says how it ended
    reports: SimpleQueue[Report | None] = SimpleQueue()
    sending = Thread(target=send_all, args=(reports,), daemon=True)
    sending.start()
    folder = ""
    for report in _reports(sys.stdin.buffer.fileno(), os.getppid()):
        folder = report.get("folder", folder)
        reports.put(report)
    reports.put(None)
    sending.join(PATIENCE)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stderr.flush()
    os._exit(0)  # no thread of a client holds it up


def _reports(source: int, task: int) -> Iterator[Report]:
    """The reports, and one each `RUNNING` seconds that the task still runs. A task that ends without a word was killed."""
    rest, has_begun, is_last, said = b"", False, False, time.monotonic()
    while True:
        ready, _, _ = select.select([source], [], [], LOOK)
        data = os.read(source, 1 << 16) if ready else b""
        if (ready and not data) or (not ready and os.getppid() != task):
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            report = json.loads(line)
            if report["event"] == "over":
                return
            if report["event"] == "attempt":
                is_last = report["is_last"]
                continue
            has_begun = True
            yield report
        if has_begun and time.monotonic() - said >= RUNNING:
            said = time.monotonic()
            yield {"event": "running", "time": None}
    if has_begun:
        yield {"event": "failed", "time": None, "message": "the task was killed", "traceback": "", "run_is_over": is_last}
