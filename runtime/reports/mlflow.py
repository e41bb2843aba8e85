"""Reports as a run of MLflow: parameters, metrics, and the artifacts that steps log, in the experiment with the name of the flow.

All tasks of a run share one run of MLflow, which they find by its tags, as they run on different machines. The server is that of
`MLFLOW_TRACKING_URI`, and what MLflow's client reads beside it, such as `MLFLOW_TRACKING_TOKEN`, counts here too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

if TYPE_CHECKING:
    from flowport.runtime.reports.report import Report

METRICS, PARAMETERS = 1000, 100
"""What one request may have (MLflow REST API, "Log Batch")."""

NOT_IN_NAMES = re.compile(r"[^\w .:/-]")
"""What names of metrics may not have (MLflow, "validate_metric_name")."""

RUN, STORE = "flowport.run", "flowport.store"
"""The tags by which a run is found."""


class Tracking:
    """Sends the reports of one task."""

    def __init__(self) -> None:
        self._client = MlflowClient()
        self._run = ""

    def send(self, first: Report, report: Report) -> None:
        """Send what a report says; `first` is the task's first report, which says what it is."""
        run = self._found(first)
        with ExitStack() as each:  # calls them from the last one on, also when one of them raises
            if report.get("run_is_over"):
                each.callback(self._client.set_terminated, run, "FINISHED" if report["event"] == "done" else "FAILED")
            for file, folder in reversed(report.get("files", ())):
                each.callback(self._client.log_artifact, run, file, folder)
            if report.get("metrics"):
                each.callback(self._log_metrics, run, report)
            if report["event"] == "start":
                each.callback(self._begin, run, first)

    def _begin(self, run: str, first: Report) -> None:
        self._client.update_run(run, status="RUNNING")  # it is not when the run's first task is tried again
        for some in _cut(sorted(first["parameters"].items()), PARAMETERS):
            self._client.log_batch(run, params=[Param(name, value) for name, value in some])

    def _log_metrics(self, run: str, report: Report) -> None:
        for some in _cut(_metrics(report), METRICS):
            self._client.log_batch(run, metrics=some)

    def _found(self, first: Report) -> str:
        """The run's id; the run is made if there is none. Of two that are made at once, the earlier one stays."""
        if not self._run:
            experiment = self._experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME") or first["flow"])
            if (known := self._earliest(experiment, first)) is None:
                tags = {RUN: first["run"], STORE: first["store"], "mlflow.source.name": first["file"], "mlflow.source.type": "JOB"}
                own = self._client.create_run(experiment, start_time=round(1000 * first["run_started"]), tags=tags, run_name=first["run"])
                self._client.log_batch(own.info.run_id, tags=[RunTag(*_tag(text)) for text in first["tags"]])
                known = self._earliest(experiment, first)
                if known is not None and known != own.info.run_id:
                    self._client.delete_run(own.info.run_id)
            assert known is not None
            self._run = known
        return self._run

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self._client.create_experiment(name))
            except MlflowException:  # another task has just made it
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)

    def _earliest(self, experiment: str, first: Report) -> str | None:
        wanted = f"tags.`{RUN}` = {_quoted(first['run'])} and tags.`{STORE}` = {_quoted(first['store'])}"
        found = self._client.search_runs([experiment], wanted)
        return min(((run.info.start_time, run.info.run_id) for run in found), default=(0, None))[1]


def _metrics(report: Report) -> Iterator[Metric]:
    """The values of all series.

    In a foreach the single value of an item has the item's number as its step, so that a chart shows all items. A series has its own name.
    """
    when = round(1000 * report["time"])
    for one in report["metrics"]:
        is_single = len(one["values"]) == 1 and one["index"] is not None
        name = one["name"] if one["index"] is None or is_single else f"{one['name']}/{one['item']}"
        for step, value in zip([one["index"]] if is_single else one["steps"], one["values"]):
            yield Metric(_legal(name), float(value), when, step)


def _legal(name: str) -> str:
    """A name that MLflow takes: it looks like a path from nowhere to somewhere."""
    legal = NOT_IN_NAMES.sub("_", name)
    return legal if normpath(legal) == legal and not legal.startswith(("/", "..")) else legal.replace("/", "_").replace("..", "_")


def _cut(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The values in lists of at most `size`."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


def _tag(text: str) -> tuple[str, str]:
    key, _, value = text.partition(":")
    return f"flowport.tag.{key}", value


def _quoted(text: str) -> str:
    """A text in a filter of MLflow, which has no escapes."""
    return f'"{text}"' if "'" in text else f"'{text}'"
