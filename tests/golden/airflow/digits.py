# DigitsFlow, compiled by flowport 0.1.0 from digits.py: change that, and compile it again.
"""Train forests on 1,797 scanned digits and pick the one that reads them best.

    start
      foreach candidates
        train
    choose
    judge
      when verdict is good
        accept
      when verdict is poor
        fall_back
    report
    end
"""

from datetime import datetime, timedelta, timezone

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
    "FLOWPORT_FLOW": "DigitsFlow",
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


def when(*ways):
    """Skip a task unless one of these ways was taken: from the task that decided, to a step that it sent items to."""

    def decide(context):
        ti = context["ti"]
        for source, target in ways:
            if target in (ti.xcom_pull(task_ids=source, map_indexes=ti.map_index) or ()):
                return
        raise AirflowSkipException("no item comes this way")

    return decide


with DAG(
    dag_id="DigitsFlow",
    description="Train forests on 1,797 scanned digits and pick the one that reads them best.",
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
        "max_depth": Param(8, type="integer", description="depth of each tree"),
        "trees": Param(
            [10, 30, 100],
            type=["array", "object", "string", "number", "boolean", "null"],
            description="sizes of the forests to try",
        ),
        "goal": Param(0.96, type="number", description="the accuracy that a forest must reach"),
        "seed": Param(7, type="integer", description="makes the split and the forests repeatable"),
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
    start = step(
        "start",
        answers=True,
        environment=FORM,
        doc_md="Load the digits and set a quarter of them aside for the test.",
    )

    @task_group(prefix_group_id=False)
    def candidates(slice):
        return step(
            "train",
            slice,
            retries=2,
            retry_delay=timedelta(minutes=2),
            doc_md="Train one forest and measure its accuracy on the test digits.",
        )

    train = candidates.expand(slice=start.output)
    choose = step(
        "choose",
        trigger_rule="none_failed_min_one_success",
        doc_md="Pick the best forest; in a tie, the smallest.",
    )
    judge = step("judge", answers=True, doc_md="Compare the accuracy of the best forest with the goal.")
    accept = step("accept", pre_execute=when(("judge", "accept")), doc_md="Keep the forest: it is good enough.")
    fall_back = step(
        "fall_back",
        pre_execute=when(("judge", "fall_back")),
        doc_md="Use nearest neighbours instead: no forest reaches the goal.",
    )
    report = step(
        "report",
        trigger_rule="none_failed_min_one_success",
        doc_md="Find the digits that are most often mistaken for others.",
    )
    end = step("end", outlets=[Asset("flowport/DigitsFlow")], doc_md="Print the result.")

    start >> [train, choose]
    train >> choose >> judge >> [accept, fall_back] >> report >> end


if __name__ == "__main__":
    dag.test()
