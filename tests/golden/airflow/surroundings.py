# Surroundings, compiled by flowport 0.1.0 from surroundings.py: change that, and compile it again.
"""Surroundings

    start
      foreach groups
        group
          foreach letters
            letter
            letter_on
        group_done
    all_done
    end
"""

from datetime import datetime, timezone

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from kubernetes.client import models as k8s

try:  # Airflow 3
    from airflow.sdk import DAG, Asset, task, task_group
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowFailException, AirflowSkipException
    from airflow.models.param import Param

# What every task is told. The epoch grows when a task is cleared: then it runs again, and what follows sees it.
RUN = {
    "FLOWPORT_PROTOCOL": "2",
    "FLOWPORT_FLOW": "Surroundings",
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
}


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


@task(trigger_rule="none_failed_min_one_success", retries=3)
def slices(split, over, ti=None):
    """The slices that the instances of a task made, which there is one of for each slice in `over`."""
    answers = (ti.xcom_pull(task_ids=split, map_indexes=index) for index in range(len(over)))
    return [slice for answer in answers for slice in answer or ()]


with DAG(
    dag_id="Surroundings",
    doc_md=__doc__,
    schedule=None,
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
    params={
        "colour": Param("blue", type="string"),
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
    def groups(slice):
        return step("group", slice, answers=True)

    group = groups.expand(slice=start.output)
    group_slices = slices.override(task_id="group_slices")("group", start.output)

    @task_group(
        prefix_group_id=False,
        default_args={"map_index_template": "{{ ti.xcom_pull(task_ids='group_slices')[ti.map_index] }}"},
    )
    def letters(slice):
        letter = step("letter", slice)
        letter_on = step("letter_on", slice)
        letter >> letter_on
        return letter, letter_on

    letter, letter_on = letters.expand(slice=group_slices)

    @task_group(prefix_group_id=False)
    def groups_2(slice):
        return step("group_done", slice, trigger_rule="none_failed_min_one_success")

    group_done = groups_2.expand(slice=start.output)
    all_done = step("all_done", trigger_rule="none_failed_min_one_success")
    end = step(
        "end",
        outlets=[Asset("flowport/Surroundings")],
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": "2", "memory": "2048Mi"},
            limits={"memory": "2048Mi"},
        ),
    )

    start >> [group, all_done]
    group >> [group_slices, group_done]
    group_slices >> letter
    letter_on >> group_done >> all_done >> end


if __name__ == "__main__":
    dag.test()
