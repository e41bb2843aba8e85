"""The task's side of its reports: a JSON document a line, to a process that sends them on.

{"event": "start", ...}     the task begins; of the first task of a run also the run
{"event": "done", ...}      its manifest is in force; of the last task also the run is done
{"event": "failed", ...}    it failed; with `last` it is not tried again, so the run has failed too

{"event": "attempt", ...}   whether another attempt follows if this one fails
{"event": "over"}           there is no more to send

When the lines end without `over`, the task was killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from _pickle import loads
from contextlib import suppress

from flowport.runtime.metrics.log import parsed
from flowport.runtime.process import lifecycle
from flowport.runtime.replay.artifact_view import ArtifactView, mark
from flowport.runtime.reports.artifact_file import write_artifact
from flowport.runtime.reports.report import PATIENCE
from flowport.runtime.store import codec, documents, row_ranges
from flowport.runtime.store.errors import Corrupt, Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Protocol

    from flowport.runtime.package.code_package import CodePackage
    from flowport.runtime.protocol import Invocation
    from flowport.runtime.records.attempts import Attempts
    from flowport.runtime.records.outcome import Failure
    from flowport.runtime.records.run_record import RunRecord
    from flowport.runtime.replay.artifact_view import ColumnCache
    from flowport.runtime.replay.lineage import Lineage
    from flowport.runtime.store.interface import Store

    class Context(Protocol):
        """The task (`task/context.py`)."""

        invocation: Invocation
        program: CodePackage
        store: Store
        step: str
        slice: str
        started: float
        record: RunRecord
        lineage: Lineage
        columns: ColumnCache


LONGEST = 6000
"""Characters of the value of a parameter: what MLflow takes at most."""

READS = ("self.", "inputs.")
"""How the names of artifacts begin in the records of what an item read: its own, and those of a join's inputs."""


SENDER = """
import sys
sys.path[:] = filter(None, sys.path)
from flowport.runtime.reports.sender import main
main()
"""
"""The program that sends reports. It imports nothing of the folder that the task works in, which may have a `json.py`."""


class Reporter:
    """Reports one attempt of a task, from its beginning to its end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._folder = ""

    def __enter__(self) -> Reporter:
        try:
            # In a session of its own: what ends the task's processes must not end the report about it.
            self._process = subprocess.Popen([sys.executable, "-c", SENDER], stdin=subprocess.PIPE, start_new_session=True)
        except OSError as error:
            _warn(f"there is no process for them: {error}")
        self._say("start", **self._beginning())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._is_over and error is not None:
            self._over("failed", message=f"{type(error).__name__}: {error}", traceback="", run_is_over=False)
        self._say("over")
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it has ended before, and has said why
                self._process.stdin.close()
        process, ends = self._process, time.monotonic() + PATIENCE
        while process is not None and process.poll() is None:
            if lifecycle.is_asked_to_end():
                return  # the process goes on by itself, and ends soon
            if time.monotonic() >= ends:
                process.kill()
                process.wait()
                _warn(f"they were not sent within {PATIENCE:g} seconds")
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def begins(self, attempts: Attempts) -> None:
        """The items begin: if the task is killed from now on, the run has failed where no other attempt follows."""
        self._say("attempt", is_last=attempts.is_last)

    def done(self, doc: dict[str, Any]) -> None:
        """The manifest with this document is in force."""
        context = self._context
        fields: dict[str, Any] = {"inputs": [], "outputs": [], "metrics": [], "files": []}
        try:
            fields |= {"inputs": self._inputs(doc), "outputs": self._outputs(doc), "metrics": self._metrics(doc)}
            if os.environ.get("MLFLOW_TRACKING_URI") and "logged" in doc:
                self._folder = fields["folder"] = tempfile.mkdtemp(prefix="flowport-artifacts-")
                fields["files"] = list(self._files(doc))
        except (StoreError, Missing, Corrupt, OSError) as error:
            _warn(f"what the task has stored cannot be read, or not all of it: {error}")
        self._over("done", run_is_over=context.step == context.program.flow["end"], **fields)

    def failed(self, attempts: Attempts, failures: list[Failure]) -> None:
        """The attempt has failed."""
        first = failures[0]
        more = f" (and {len(failures) - 1} more items)" if len(failures) > 1 else ""
        said = {"type": first["type"], "message": f"{first['type']}: {first['message']}{more}", "traceback": first["traceback"]}
        self._over("failed", run_is_over=attempts.is_last, **said)

    def _over(self, event: str, **fields: Any) -> None:
        self._is_over = True
        self._say(event, **fields)

    def _say(self, event: str, **fields: Any) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(documents.dump({"event": event, "time": round(time.time(), 3), **fields}) + b"\n")
            self._process.stdin.flush()
        except OSError:  # it has ended, and has said why
            self._process.wait()
            self._process = None

    def _beginning(self) -> dict[str, Any]:
        """What is known when the task begins."""
        context, record = self._context, self._context.record.doc
        return {
            "flow": context.invocation.flow,
            "run": context.invocation.run,
            "step": context.step,
            "slice": context.slice,
            "store": context.store.url,
            "started": context.started,
            "run_started": record["started"],
            "run_begins": context.step == context.program.flow["start"] and context.slice == "s",
            "scheduled": record["scheduled_time"],
            "file": context.program.flow["file"],
            "tags": [*(record["tags"] or ()), *(record["system_tags"] or ())],
            "parameters": {name: _shown(context.record.value(name)) for name in sorted(record["parameters"])},
        }

    def _inputs(self, doc: dict[str, Any]) -> list[str]:
        """The names of the artifacts that the items read."""
        context = self._context
        reads = {name for entry in context.columns.entries(doc["reads"]) for name in loads(entry)}
        found = {name.partition(".")[2] for name in reads if name.startswith(READS)}
        # What a foreach goes over is read as `input`, and as `input.0` and so on by `self.foreach_stack()`.
        for depth, frame in enumerate(context.lineage.frames):
            if f"input.{depth}" in reads or ("input" in reads and frame is context.lineage.frames[-1]):
                found.add(context.program.step(frame.split.step)["transition"].get("over", ""))
        return sorted(name for name in found if name.isidentifier())

    def _outputs(self, doc: dict[str, Any]) -> list[dict[str, Any]]:
        """The artifacts that the items set: the name, the number of items, the size in bytes, and the digest when there is one item."""
        found = []
        for name, column in sorted(doc["own"].items()):
            entries = self._context.columns.entries(column)
            sizes = [codec.reference(entry)[1] if codec.is_reference(entry) else len(entry) for entry in entries]
            digest = mark(entries[0]) if len(entries) == 1 else ""
            found.append({"name": name, "items": row_ranges.count(column["items"]), "size": sum(sizes), "digest": digest})
        return found

    def _metrics(self, doc: dict[str, Any]) -> list[dict[str, Any]]:
        """The series that the items have logged; in a foreach each with the number and the address of its item."""
        found = []
        for name, column in sorted(doc.get("metrics", {}).items()):
            for row, entry in zip(row_ranges.iterate(column["items"]), self._context.columns.entries(column)):
                steps, values = parsed(entry)
                found.append({"name": name, "steps": steps, "values": values, **self._item(row)})
        return found

    def _files(self, doc: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The artifacts that steps have named, each in a file, with the folder that it belongs to."""
        context = self._context
        view = ArtifactView(context.columns, context.lineage, context.step, doc["own"], doc["classes"])
        for name, rows in doc.get("logged", {}).items():
            for row in row_ranges.iterate(rows):
                place = "/".join(filter(None, (context.step, self._item(row)["item"])))
                entry = view.entry(name, row)
                if entry is None:
                    _warn(f"MLflow does not get `{name}` of {place}: there is no such artifact")
                    continue
                folder = os.path.join(self._folder, place)
                os.makedirs(folder, exist_ok=True)
                try:
                    file = write_artifact(folder, name, view.value(name, row, entry))
                except Exception as error:  # whatever a class of the user's raises when it is pickled
                    _warn(f"MLflow does not get `{name}` of {place}: {type(error).__name__}: {error}")
                else:
                    yield file, place

    def _item(self, row: int) -> dict[str, Any]:
        """Which item of a foreach a row is, by its number and its address; outside of any there is nothing to say."""
        lineage = self._context.lineage
        return {"index": lineage.frames[-1].up(row)[1], "item": lineage.address(row)} if lineage.frames else {"index": None, "item": ""}


def _shown(value: object) -> str:
    """A parameter as text: JSON where it has that form."""
    try:
        text = value if isinstance(value, str) else documents.dump(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _warn(what: str) -> None:
    sys.stderr.write(f"flowport: reports: {what}\n")
    sys.stderr.flush()
