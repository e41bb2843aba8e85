"""Reports as events of OpenLineage: a job for the flow and one for each of its steps, whose datasets are artifacts.

START RUNNING COMPLETE FAIL    of a task: a run of the job `Flow.step`, with the run of the flow as its parent
START COMPLETE FAIL            of a run: a run of the job `Flow`

The fields and their meaning are those of the specification (openlineage.io/spec, 2-0-2), the transport is that of its Python client:
`OPENLINEAGE_URL`, `OPENLINEAGE_API_KEY`, or a file that `OPENLINEAGE_CONFIG` names.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from openlineage.client import OpenLineageClient
from openlineage.client import event_v2 as events
from openlineage.client import facet_v2 as facets
from openlineage.client.transport.http import HttpTransport
from openlineage.client.transport.http_common import DEFAULT_RETRY_CONFIG
from openlineage.client.uuid import generate_static_uuid

if TYPE_CHECKING:
    from flowport.runtime.reports.report import Report

STATES = {
    "start": events.RunState.START,
    "running": events.RunState.RUNNING,
    "done": events.RunState.COMPLETE,
    "failed": events.RunState.FAIL,
}


class Lineage:
    """Sends the events of one task."""

    def __init__(self) -> None:
        facets.set_producer(producer := f"urn:flowport:{version('flowport')}")
        self._client, self._producer = OpenLineageClient(), producer
        transport = self._client.transport
        if isinstance(transport, HttpTransport) and transport.config.retry == DEFAULT_RETRY_CONFIG:
            # The client tries for ten seconds and more, for which each task would wait where no server is.
            transport.config.retry = {**DEFAULT_RETRY_CONFIG, "total": 2, "connect": 2}
        self._namespace = os.environ.get("OPENLINEAGE_NAMESPACE") or "flowport"
        self._version = version("flowport")

    def send(self, first: Report, report: Report) -> None:
        """Send what a report says; `first` is the task's first report, which says what it is."""
        if first.get("run_begins") and report["event"] == "start":
            self._emit(report, "start", self._flow_run(first, report), self._flow_job(first))
        inputs, outputs = [], []
        if report["event"] == "done":
            inputs = [events.InputDataset(namespace=_place(first), name=_artifact(first, name)) for name in report["inputs"]]
            outputs = [_output(first, one) for one in report["outputs"]]
        self._emit(report, report["event"], self._task_run(first, report), self._task_job(first), inputs, outputs)
        if report.get("run_is_over"):
            self._emit(report, report["event"], self._flow_run(first, report), self._flow_job(first))

    def _emit(self, report: Report, event: str, run: events.Run, job: events.Job, inputs: Any = (), outputs: Any = ()) -> None:
        self._client.emit(
            events.RunEvent(
                eventType=STATES[event],
                eventTime=_moment(report["time"]),
                run=run,
                job=job,
                producer=self._producer,
                inputs=list(inputs),
                outputs=list(outputs),
            )
        )

    def _flow_run(self, first: Report, report: Report) -> events.Run:
        found = self._facets(first, report)
        parameters = [
            facets.execution_parameters_run.ExecutionParameter(key=key, value=value) for key, value in first["parameters"].items()
        ]
        found["executionParameters"] = facets.execution_parameters_run.ExecutionParametersRunFacet(parameters=parameters)
        found["tags"] = facets.tags_run.TagsRunFacet(tags=[_tag(text) for text in first["tags"]])
        return events.Run(runId=_flow_run_id(first), facets=found)

    def _task_run(self, first: Report, report: Report) -> events.Run:
        found = self._facets(first, report)
        job = facets.parent_run.Job(namespace=self._namespace, name=first["flow"])
        found["parent"] = facets.parent_run.ParentRunFacet(run=facets.parent_run.Run(runId=_flow_run_id(first)), job=job)
        # Each attempt is a run of its own: one that has failed does not begin again.
        name = "/".join((first["store"], first["flow"], first["run"], first["step"], first["slice"], str(os.getpid())))
        return events.Run(runId=str(generate_static_uuid(_instant(first["started"]), name.encode())), facets=found)

    def _facets(self, first: Report, report: Report) -> dict[str, Any]:
        found: dict[str, Any] = {
            "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet(version=self._version, name="flowport"),
        }
        if first["scheduled"]:
            found["nominalTime"] = facets.nominal_time_run.NominalTimeRunFacet(nominalStartTime=first["scheduled"])
        if report["event"] == "failed":
            error = facets.error_message_run.ErrorMessageRunFacet
            found["errorMessage"] = error(message=report["message"], programmingLanguage="PYTHON", stackTrace=report["traceback"] or None)
        return found

    def _flow_job(self, first: Report) -> events.Job:
        return self._job(first["flow"], "FLOW")

    def _task_job(self, first: Report) -> events.Job:
        return self._job(f"{first['flow']}.{first['step']}", "STEP")

    def _job(self, name: str, kind: str) -> events.Job:
        kinds = facets.job_type_job.JobTypeJobFacet(processingType="BATCH", integration="FLOWPORT", jobType=kind)
        return events.Job(namespace=self._namespace, name=name, facets={"jobType": kinds})


def _output(first: Report, one: dict[str, Any]) -> events.OutputDataset:
    statistics = facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=one["items"], size=one["size"])
    versions: dict[str, Any] = {}
    if one["digest"]:
        versions["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=one["digest"])
    return events.OutputDataset(
        namespace=_place(first), name=_artifact(first, one["name"]), facets=versions, outputFacets={"outputStatistics": statistics}
    )


def _place(first: Report) -> str:
    """The namespace of datasets: the store."""
    url = str(first["store"]).rstrip("/")
    return url if "://" in url else f"file://{url}"


def _artifact(first: Report, name: str) -> str:
    """The name of the dataset: an artifact of a flow, whichever run and item has it."""
    return f"{first['flow']}/{name}"


def _tag(text: str) -> facets.tags_run.TagsRunFacetFields:
    key, colon, value = text.partition(":")
    return facets.tags_run.TagsRunFacetFields(key=key, value=value if colon else "true", source="flowport")


def _flow_run_id(first: Report) -> str:
    """The same for all tasks of a run, wherever they run."""
    name = "/".join((first["store"], first["flow"], first["run"]))
    return str(generate_static_uuid(_instant(first["run_started"]), name.encode()))


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _moment(seconds: float | None) -> str:
    return (datetime.now(timezone.utc) if seconds is None else _instant(seconds)).isoformat(timespec="milliseconds")
