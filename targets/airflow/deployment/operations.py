"""Runs and versions of flows that are deployed to Airflow.

A run is a DAG run, and its id that of the run at the engine. What is about runs needs the REST API. A deployment is its DAG file, so
versions are files: what is about them needs the place of the files, and the API only where it is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from flowport.compiler.changes import Becomes, Change, Changes, DeployError
from flowport.compiler.operations import Deployed, EngineRun, Start, Version
from flowport.targets.airflow.deployment.api import Api, Refused, path
from flowport.targets.airflow.deployment.dag_runs import engine_run, find_run, stop, unfinished
from flowport.targets.airflow.deployment.deployer import put
from flowport.targets.airflow.deployment.place import Place, deployed_file
from flowport.targets.airflow.deployment.run_conf import run_conf
from flowport.targets.airflow.deployment.versions import KeptFile, KeptFiles, code_of
from flowport.targets.airflow.deployment.written import written_in
from flowport.targets.airflow.settings import Settings
from flowport.targets.deployment import difference

TAG = "flowport"
"""The tag of all DAGs that flowport wrote (`dag`)."""

UNKEPT = "other"
"""The version of a file that is deployed and not kept: somebody has changed it, or copied it there."""


class AirflowOperations:
    """Controls flows through Airflow's REST API, and the files in the place of its DAG files."""

    def __init__(self) -> None:
        self._apis: dict[str, Api] = {}

    def trigger(self, settings: Settings, start: Start) -> EngineRun:
        """Start a DAG run; raises DeployError where it would not begin."""
        api, dag = self._api(settings), settings.dag_id
        known = _known(api, settings)
        if known.get("is_paused"):
            raise DeployError(
                f"the DAG `{dag}` is paused, so Airflow would queue the run and not start it\n"
                f"  turn it on in Airflow, or with: airflow dags unpause {dag}"
            )
        conf = run_conf(settings, known.get("params") or {}, start.document)
        body = {"dag_run_id": start.run, "conf": conf, **({"logical_date": None} if api.version == 2 else {})}
        try:
            found = api.ask(f"start a run of `{dag}`", "POST", path("dags", dag, "dagRuns"), body)
        except Refused as error:
            if error.status != 409:
                raise
            before = find_run(api, dag, start.run)
            if before is None or (before.get("conf") or {}) != conf:
                raise DeployError(
                    f"the DAG `{dag}` has had a run `{start.run}` before, with another input\n  leave out `--run-id`, or choose another one"
                ) from error
            found = before
        return engine_run(api, dag, found)

    def status(self, settings: Settings, run: str) -> EngineRun | None:
        """A DAG run, until it is deleted in Airflow."""
        api = self._api(settings)
        found = find_run(api, settings.dag_id, run)
        return engine_run(api, settings.dag_id, found) if found else None

    def stop(self, settings: Settings, run: str) -> EngineRun | None:
        """Have a DAG run fail; Airflow then ends its tasks, and calls its exit hooks."""
        api, dag = self._api(settings), settings.dag_id
        found = find_run(api, dag, run)
        if found is None:
            return None
        if engine_run(api, dag, found).is_over:
            return engine_run(api, dag, found)
        if not stop(api, dag, run):
            raise DeployError(
                f"Airflow did not stop `{run}`, as it does not have the file of the DAG `{dag}` any more\n  delete the run in Airflow"
            )
        return self.status(settings, run)

    def deployments(self, settings: Settings) -> Iterator[Deployed]:
        """The DAGs with flowport's tag; without the API the DAG files that flowport wrote."""
        if not settings.api:
            yield from written_in(Place(settings))
            return
        api = self._api(settings)
        found = api.pages("list its DAGs", "/dags", "dags", tags=TAG)
        for each in sorted(found, key=lambda each: str(each["dag_id"])):
            dag = str(each["dag_id"])
            schedule = ", ".join(filter(None, (_schedule(each), "paused" if each.get("is_paused") else "")))
            yield Deployed(dag, str(each.get("dag_display_name") or dag), f"{api.address}{path('dags', dag)}", "", schedule)

    def versions(self, settings: Settings) -> tuple[Version, ...]:
        """The files that are kept, the newest first."""
        place = Place(settings)
        there = deployed_file(place, settings)
        if there is None:
            return ()
        kept = KeptFiles(settings, place).all()
        found = [Version(str(each.number), each.created, each.data == there, each.code) for each in kept]
        if not any(each.is_live for each in found):
            found = [Version(UNKEPT, place.modified(settings.file), True, code_of(there)), *found]
        return tuple(found)

    def roll_back(self, settings: Settings, version: str | None) -> Changes:
        """The replacement of the DAG file by an earlier one."""
        place = Place(settings)
        there = deployed_file(place, settings)
        if there is None:
            raise DeployError(
                f"`{settings.dag_id}` is not deployed: there is no {place.path(settings.file)}\n"
                "  deploy the flow: flowport deploy FLOW --target airflow"
            )
        kept = KeptFiles(settings, place).all()
        live = next((str(each.number) for each in kept if each.data == there), UNKEPT)
        chosen = _chosen(settings.dag_id, kept, live, version)
        becomes: Becomes = "unchanged" if chosen.data == there else "changed"
        name = place.path(settings.file)
        before, after = (data.decode(errors="replace").splitlines() for data in (there, chosen.data))
        shown = difference(name, before, after, becomes=f"version {chosen.number}")
        said = "\n".join(filter(None, (f"version {live} -> version {chosen.number}", shown)))
        return Changes((Change(name, becomes, said, partial(put, place, settings, chosen.data)),))

    def delete(self, settings: Settings) -> Changes:
        """What removes the DAG file first, so that the DAG does not come back, then the DAG where the API is set, and the kept files."""
        place, found, dag = Place(settings), [], settings.dag_id
        api = self._api(settings) if settings.api else None
        if api and not _is_ours(api.find(f"look at `{dag}`", path("dags", dag)), settings):
            api = None
        if deployed_file(place, settings) is not None:
            found.append(Change(place.path(settings.file), "deleted", make=partial(_remove_file, place, settings, api)))
        if api:
            found.append(Change(f"DAG {dag}", "deleted", make=partial(_delete, api, dag)))
        kept = KeptFiles(settings, place)
        if kept.exist():
            found.append(Change(kept.address, "deleted", make=kept.remove))
        return Changes(tuple(found))

    def _api(self, settings: Settings) -> Api:
        if settings.api not in self._apis:
            self._apis[settings.api] = Api(settings.api)
        return self._apis[settings.api]


def _known(api: Api, settings: Settings) -> dict[str, Any]:
    """The details of a DAG that can run; raises DeployError for one that Airflow does not have, or cannot import."""
    dag = settings.dag_id
    found = api.find(f"look at `{dag}`", path("dags", dag, "details"))
    if found is not None and (found.get("is_stale") or found.get("is_active") is False):
        found = None
    if (found is None or found.get("has_import_errors")) and (problem := _import_error(api, settings)):
        raise DeployError(
            f"Airflow cannot import {settings.file}: {problem}\n  its pages show the whole error; correct the flow or the settings"
        )
    if found is None:
        raise DeployError(
            f"Airflow has no DAG `{dag}`, or has not read its file yet, which may take minutes\n"
            "  if the flow is not deployed: flowport deploy FLOW --target airflow"
        )
    return found


def _import_error(api: Api, settings: Settings) -> str:
    """What Airflow says against the file of a flow, in a line; "" if it says nothing, or not to this user."""
    try:
        for each in api.pages("look at its import errors", "/importErrors", "import_errors"):
            if str(each.get("filename", "")).rpartition("/")[2] == settings.file:
                lines = str(each.get("stack_trace", "")).strip().splitlines()
                return lines[-1].strip() if lines else "it does not say why"
    except Refused as error:
        if error.status != 403:
            raise
    return ""


def _chosen(dag: str, kept: list[KeptFile], live: str, version: str | None) -> KeptFile:
    """The version to go back to; raises DeployError if there is none."""
    if version is not None:
        for each in kept:
            if str(each.number) == version:
                return each
        known = ", ".join(str(each.number) for each in kept)
        raise DeployError(f"`{dag}` has no version {version}\n  it has {known or 'none'}")
    numbers = [str(each.number) for each in kept]
    earlier = kept[numbers.index(live) + 1 :] if live in numbers else kept
    if not earlier:
        raise DeployError(f"`{dag}` has no version before {live}, which is live")
    return earlier[0]


def _is_ours(found: dict[str, Any] | None, settings: Settings) -> bool:
    """Whether a DAG is one that flowport wrote for this flow."""
    if found is None or (found.get("dag_display_name") or settings.dag_id) not in (settings.flow, settings.dag_id):
        return False
    return any(tag.get("name") == TAG for tag in found.get("tags") or ())


def _remove_file(place: Place, settings: Settings, api: Api | None) -> None:
    """Remove a DAG file. The runs are stopped before: Airflow 2 does not stop one of a DAG whose file is gone."""
    if api:
        _stop_all(api, settings.dag_id)
    place.remove(settings.file)


def _stop_all(api: Api, dag: str) -> None:
    for each in unfinished(api, dag):
        stop(api, dag, str(each["dag_run_id"]))


def _delete(api: Api, dag: str) -> None:
    """Remove a DAG; Airflow keeps one with running tasks."""
    _stop_all(api, dag)
    try:
        api.ask(f"delete `{dag}`", "DELETE", path("dags", dag))
    except Refused as error:
        if error.status == 409:
            raise DeployError(f"Airflow keeps `{dag}` until its tasks have ended\n  delete it again in a minute") from error
        if error.status != 404:
            raise


def _schedule(found: dict[str, Any]) -> str:
    """When runs begin; "" for a DAG without a schedule."""
    interval = found.get("schedule_interval")
    return str(found.get("timetable_summary") or (interval.get("value") if isinstance(interval, dict) else "") or "")
