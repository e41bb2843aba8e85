"""Runs and versions of flows that are deployed to Argo, through the API of Kubernetes.

A run is a Workflow of the flow's WorkflowTemplate. Its name is the id of the run at the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from flowport.compiler.changes import Change, Changes, DeployError
from flowport.compiler.operations import Deployed, EngineRun, RunState, Start, Version
from flowport.runtime.store.keys import code_key
from flowport.targets.argo.deployment.cluster_errors import Refused, Resource
from flowport.targets.argo.deployment.connect import connect, store_here
from flowport.targets.argo.deployment.objects import (
    FLOW,
    OWNER,
    SCHEDULES,
    STARTS,
    TEMPLATES,
    TITLE,
    WORKFLOWS,
    Document,
    by_resource,
    object_changes,
    owner_of,
    removal,
    resource_of,
)
from flowport.targets.argo.deployment.versions import Versions, number_of
from flowport.targets.argo.deployment.workflow import arguments_of, workflow
from flowport.targets.argo.settings import Settings
from flowport.targets.kubernetes import is_short_name

if TYPE_CHECKING:
    from flowport.targets.argo.deployment.cluster import Cluster

STATES: dict[str, RunState] = {
    "": "waiting",
    "Pending": "waiting",
    "Running": "running",
    "Succeeded": "done",
    "Failed": "failed",
    "Error": "failed",
}
"""The phases of a workflow (Argo, `WorkflowPhase`); it has none until its controller has seen it, and another one is not its end."""

STOP = "Stop"
"""How a workflow is stopped: its pods are ended, and what runs at its end (`onExit`) still runs. `Terminate` would skip that."""

COMPLETED = "workflows.argoproj.io/completed"
"""The label of a workflow that is over."""


class ArgoOperations:
    """Controls flows in the cluster of kubectl's current context."""

    def trigger(self, settings: Settings, start: Start) -> EngineRun:
        """Create a Workflow of the template."""
        if not is_short_name(start.run):
            raise DeployError(
                f"`{start.run}` cannot be the name of a workflow, which is the id of the run\n"
                "  use at most 63 small letters, digits and `-`, the first and the last one no `-`; or leave out `--run-id`"
            )
        cluster = connect()
        template = _template(cluster, settings)
        if template is None:
            raise _not_deployed(cluster, settings)
        resource = resource_of(cluster, settings, WORKFLOWS, start.run)
        document = workflow(settings, resource, template, start)
        try:
            return _run(resource, cluster.create(resource, document))
        except Refused as error:
            found = cluster.read(resource) if error.exists else None
            if found is None:
                raise
            if not _is_of(found, settings) or arguments_of(found) != arguments_of(document):
                other = "with another input" if _is_of(found, settings) else "of another flow"
                raise DeployError(
                    f"there is a workflow `{start.run}` in namespace {resource.namespace} already, {other}\n"
                    "  leave out `--run-id`, or choose another one"
                ) from error
            return _run(resource, found)

    def status(self, settings: Settings, run: str) -> EngineRun | None:
        """A workflow, until Argo deletes it (`keep_days`)."""
        cluster = connect()
        resource = resource_of(cluster, settings, WORKFLOWS, run)
        found = _workflow(cluster, resource, settings)
        return None if found is None else _run(resource, found)

    def stop(self, settings: Settings, run: str) -> EngineRun | None:
        """Stop a workflow; its controller then ends the pods."""
        cluster = connect()
        resource = resource_of(cluster, settings, WORKFLOWS, run)
        found = _workflow(cluster, resource, settings)
        if found is not None and not _run(resource, found).is_over:
            found = _stop(cluster, resource)
        return None if found is None else _run(resource, found)

    def deployments(self, settings: Settings) -> Iterator[Deployed]:
        """The templates that have flowport's label, in the namespace of the settings, else in that of the context."""
        cluster = connect()
        namespace, ours = settings.namespace or cluster.namespace, f"{OWNER}=flowport"
        schedules = {each["metadata"]["name"]: each for each in cluster.list(SCHEDULES, namespace, ours)}
        for found in cluster.list(TEMPLATES, namespace, ours):
            about = found["metadata"]
            name, number = about["name"], number_of(found)
            flow = (about.get("annotations") or {}).get(TITLE) or (about.get("labels") or {}).get(FLOW, name)
            version, schedule = "" if number is None else str(number), _schedule(schedules.get(name))
            yield Deployed(name, flow, str(Resource(TEMPLATES, name, namespace)), version, schedule)

    def versions(self, settings: Settings) -> tuple[Version, ...]:
        """The last deployments that the store has, the newest first."""
        cluster = connect()
        template = _template(cluster, settings)
        if template is None:
            return ()
        live = number_of(template)
        found = _versions(cluster, settings).listed(live)
        return tuple(Version(str(each.number), each.created, each.number == live, each.code) for each in found)

    def roll_back(self, settings: Settings, version: str | None) -> Changes:
        """What puts back the objects of an earlier deployment, what starts it too."""
        cluster, owner = connect(), owner_of(settings)
        template = _template(cluster, settings)
        if template is None:
            raise _not_deployed(cluster, settings)
        kept = _versions(cluster, settings)
        chosen = kept.read(_chosen(settings.name, kept.numbers(), number_of(template), version))
        store = store_here(settings)
        if not store.exists(code_key(chosen.code)):
            raise DeployError(f"{store.url} has the code of version {chosen.number} no more: there is no `{code_key(chosen.code)}`")
        documents = by_resource(chosen.numbered(), cluster)
        there = {resource: cluster.read(resource) for resource in documents}
        owner.require(there)
        return Changes(tuple(object_changes(cluster, documents, there, owner)))

    def delete(self, settings: Settings) -> Changes:
        """What removes the schedule and triggers first, so that nothing starts, then the template, and stops the runs that are going on."""
        cluster, owner = connect(), owner_of(settings)
        _template(cluster, settings)
        changes = [change for plural in (*STARTS, TEMPLATES) for change in removal(cluster, resource_of(cluster, settings, plural), owner)]
        namespace = settings.namespace or cluster.namespace
        for found in cluster.list(WORKFLOWS, namespace, f"{FLOW}={settings.name},{COMPLETED}!=true"):
            resource = Resource(WORKFLOWS, found["metadata"]["name"], namespace)
            if _is_of(found, settings) and not _run(resource, found).is_over and "shutdown" not in found["spec"]:
                changes.append(Change(str(resource), "changed", f"shutdown: {STOP}", partial(_stop, cluster, resource)))
        return Changes(tuple(changes))


def _template(cluster: Cluster, settings: Settings) -> Document | None:
    """The template of the flow; raises DeployError for one of somebody else."""
    resource = resource_of(cluster, settings, TEMPLATES)
    found = cluster.read(resource)
    owner_of(settings).require({resource: found})
    return found


def _not_deployed(cluster: Cluster, settings: Settings) -> DeployError:
    resource = resource_of(cluster, settings, TEMPLATES)
    return DeployError(f"there is no {resource}\n  deploy the flow: flowport deploy FLOW --target argo")


def _versions(cluster: Cluster, settings: Settings) -> Versions:
    return Versions(store_here(settings), resource_of(cluster, settings, TEMPLATES))


def _chosen(name: str, numbers: list[int], live: int | None, version: str | None) -> int:
    """The version to go back to: that with this name, or the one before the live one. Raises DeployError where there is none."""
    if version is not None:
        found = [number for number in numbers if str(number) == version]
        if not found:
            known = ", ".join(map(str, numbers[:20]))
            raise DeployError(f"`{name}` has no version {version}\n  {f'it has {known}' if known else 'the store has none of it'}")
        return found[0]
    earlier = [number for number in numbers if live is None or number < live]
    if not earlier:
        before = "the store has no version of it" if live is None else f"it has no version before {live}, which is live"
        raise DeployError(f"`{name}` cannot go back: {before}")
    return earlier[0]


def _workflow(cluster: Cluster, resource: Resource, settings: Settings) -> Document | None:
    """A workflow of the flow's template."""
    found = cluster.read(resource) if is_short_name(resource.name) else None
    return found if found is not None and _is_of(found, settings) else None


def _is_of(found: Document, settings: Settings) -> bool:
    """Whether a workflow is one of the template: whoever has started it, this is what it refers to."""
    reference = found["spec"].get("workflowTemplateRef") or {}
    return reference.get("name") == settings.name and not reference.get("clusterScope")


def _stop(cluster: Cluster, resource: Resource) -> Document | None:
    return cluster.merge(resource, {"spec": {"shutdown": STOP}})


def _run(resource: Resource, found: Document) -> EngineRun:
    status = found.get("status") or {}
    phase = status.get("phase") or ""
    state = STATES.get(phase, "running")
    if state == "failed" and found["spec"].get("shutdown"):
        state = "stopped"
    started, ended = _seconds(status.get("startedAt")), _seconds(status.get("finishedAt"))
    return EngineRun(resource.name, state, phase or "Pending", str(resource), started, ended, status.get("message") or "")


def _schedule(found: Document | None) -> str:
    if found is None:
        return ""
    spec = found["spec"]
    return f"{', '.join(spec.get('schedules', []))} {spec.get('timezone', 'UTC')}{', paused' if spec.get('suspend') else ''}"


def _seconds(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() if moment else None
