"""What starts a DAG besides the clock, as Airflow's assets, which Airflow 2 calls datasets.

The last task of every flow changes an asset of its own, so that a DAG may wait for it. The name of an event is that of its asset: a DAG of
somebody else changes it, or a request to Airflow's API.
"""

from __future__ import annotations

from flowport.compiler.ir import Flow
from flowport.compiler.lower.run_ids import upstream_prefix
from flowport.targets.airflow.python import Call, Code, Value, quoted
from flowport.targets.airflow.settings import Settings

STARTED_BY = "started_by(triggering_asset_events | default(triggering_dataset_events | default({})))"
"""What a template calls to know which events started the run (Airflow, "Templates reference"; the second is Airflow 2)."""


def asset_name(settings: Settings) -> str:
    """The name of the asset that a flow changes when it is done."""
    return f"flowport/{settings.dag_id}"


def asset(name: str) -> Call:
    """An asset in a DAG file."""
    return Call("Asset", (name,))


def flows_before(flow: Flow, settings: Settings) -> dict[str, Value]:
    """The flows that start this one, by the asset: the name, and what stands before the ids that Airflow gives to its runs."""
    return {
        asset_name(settings.of_flow(flow.deployment_of(source))): [source.flow, upstream_prefix(flow, source)] for source in flow.upstream
    }


def events_by_uri(flow: Flow) -> Value:
    """The names of events by the address that Airflow gives to their assets: `s3://bucket/labels/` loses its slash there."""
    listed = ", ".join(map(quoted, (event.name for event in flow.events)))
    return Code(f"{{Asset(each).uri: each for each in [{listed}]}}") if listed else {}


def schedule(flow: Flow, settings: Settings) -> Value:
    """When runs begin: at times, when assets have changed, or both.

    A plain cron expression Airflow 2 would take for the beginning of an interval, and start the run at its end.
    """
    times = [Call("CronTriggerTimetable", (each.cron,), {"timezone": each.timezone or "UTC"}) for each in flow.schedules]
    assets: list[Value] = [asset(name) for name in (*(event.name for event in flow.events), *flows_before(flow, settings))]
    if times and assets:
        return Call("either", (times[0], assets))
    return times[0] if times else assets or None


def macros() -> Value:
    """What the templates of the DAG may call."""
    return {"started_by": Code("started_by")}
