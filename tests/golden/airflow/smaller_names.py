# SmallerNames, compiled by flowport 0.1.0 from smaller_names.py: change that, and compile it again.
"""SmallerNames

    start
      foreach bases
        powers
    join
    end
"""

import json
from datetime import datetime, timezone

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import models as k8s

try:  # Airflow 3
    from airflow.sdk import DAG, Asset, task_group
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task_group
    from airflow.exceptions import AirflowFailException, AirflowSkipException
    from airflow.models.param import Param

# What every task is told. The epoch grows when a task is cleared: then it runs again, and what follows sees it.
RUN = {
    "FLOWPORT_PROTOCOL": "2",
    "FLOWPORT_FLOW": "SmallerNames",
    "FLOWPORT_RUN": "{{ run_id }}",
    "FLOWPORT_STORE": "s3://my-bucket/flowport",
    "FLOWPORT_CODE": "0000000000000000000000000000000000000000000000000000000000000000",
    "FLOWPORT_WIDTH": "500",
    "FLOWPORT_TOTAL": "500",
    "FLOWPORT_LAST": "-1",
    "FLOWPORT_EPOCH": "{{ ti.max_tries - task.retries }}",
}
# What the first task is told besides: the trigger form (when it is too long, its length), and whose run it is.
FORM = {
    "FLOWPORT_FORM": "{% set f = params | tojson %}{{ f | replace('$', '$$') if f | length < 131000 else f | length }}",
    "FLOWPORT_ENGINE": "airflow/{{ dag_run.start_date }}",
    "FLOWPORT_TRIGGER": "{{ started_by(triggering_asset_events | default(triggering_dataset_events | default({}))) | replace('$', '$$') }}",
}
# The flows that start this one: of each its asset, its name, and what stands before the ids of its runs.
FLOWS = {}
# The events that start it, by what Airflow makes of their names.
EVENTS = {Asset(each).uri: each for each in ["harvest"]}


class Step(KubernetesPodOperator):
    """A pod; exit code 78 says that trying again is of no use."""

    def cleanup(self, *pods, **more):
        try:
            super().cleanup(*pods, **more)
        except AirflowSkipException as error:
            raise AirflowFailException("the step ended with exit code 78") from error


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, **more):
    """A step on a slice, as a pod. With `answers` it says where to go on: slices of a foreach, or steps."""
    environment = {**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})}
    if answers:
        environment["FLOWPORT_ROUTE"] = "/airflow/xcom/return.json"
    return Step(
        task_id=task_id,
        cmds=["python", "-m", "flowport.runtime", command],
        env_vars=environment,
        do_xcom_push=answers,
        skip_on_exit_code=78,
        **more,
    )


def started_by(events):
    """What started a run, as JSON: the last event of each asset, and the run that it came from, if a flow did."""
    found = []
    for asset, sent in (events or {}).items():
        event, uri = sent[-1], getattr(asset, "uri", asset)
        if uri in FLOWS:
            flow, before = FLOWS[uri]
            found.append({"type": "run", "flow": flow, "run": before + event.source_run_id})
        else:
            found.append({"type": "event", "name": EVENTS.get(uri, uri), "payload": event.extra or {}})
        found[-1]["timestamp"] = event.timestamp.timestamp()
    text = json.dumps(found) if found else ""
    if len(text) > 100_000:
        raise ValueError(f"what started the run comes to {len(text):,} characters, more than a task can be handed")
    return text


with DAG(
    dag_id="SmallerNames",
    doc_md=__doc__,
    schedule=[Asset("harvest")],
    catchup=False,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    default_args={
        "owner": "flowport",
        "retries": 0,
        "image": "my-image:1",
        "container_resources": k8s.V1ResourceRequirements(
            requests={"cpu": "1", "memory": "4096Mi"},
            limits={"memory": "4096Mi"},
        ),
    },
    user_defined_macros={"started_by": started_by},
    params={
        "origin_run": Param(
            None,
            type=["null", "string"],
            section="Resume and tags",
            description="the run to take finished work from",
        ),
        "from_step": Param(
            None,
            type=["null", "string"],
            section="Resume and tags",
            description="with it, the step to begin again from",
        ),
        "run_tags": Param(
            None,
            type=["null", "array"],
            section="Resume and tags",
            description="tags of the run, one on a line",
        ),
        "run_input": Param(
            None,
            type=["null", "string"],
            section="Resume and tags",
            description="an input in the store, in the place of all other fields",
        ),
    },
    tags=["flowport"],
) as dag:
    start = step("start", answers=True, environment=FORM)

    @task_group(prefix_group_id=False)
    def bases(slice):
        return step("powers", slice)

    powers = bases.expand(slice=start.output)
    join = step("join", trigger_rule="none_failed_min_one_success")
    end = step("end", outlets=[Asset("flowport/SmallerNames")])

    start >> [powers, join]
    powers >> join >> end


if __name__ == "__main__":
    dag.test()
