# SwitchForeachSwitch, compiled by flowport 0.1.0 from switch_foreach_switch.py: change that, and compile it again.
"""SwitchForeachSwitch

    start
      foreach orders
        order
          when kind is gift
            wrap
          when kind is goods
            unpack
              foreach pieces
                piece
                  when size is odd
                    saw
                  when size is even
                    fit
                checked
            pieces_done
        bill
    total
    end
"""

import json
from datetime import datetime, timezone
from urllib.parse import quote

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.batch import BatchOperator

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
    "FLOWPORT_FLOW": "SwitchForeachSwitch",
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
    "FLOWPORT_FORM": "{% set f = params | tojson %}{{ f if f | length < 131000 else f | length }}",
    "FLOWPORT_ENGINE": "airflow/{{ dag_run.start_date }}",
}


def answer(environment, aws_conn_id):
    """Where a step says to go on, from the newest of its routes in the store: slices of a foreach, or steps."""
    told = {variable["name"].removeprefix("FLOWPORT_"): variable["value"] for variable in environment}
    bucket, _, prefix = told["STORE"].removeprefix("s3://").partition("/")
    flow, run, step = [quote(told[name], safe="-_.+=@!'()") for name in ("FLOW", "RUN", "STEP")]
    place = "/".join([*filter(None, [prefix]), "flows", flow, "runs", run, "steps", step, told["SLICE"]])
    store = S3Hook(aws_conn_id)
    routes = {}
    for start, end in ((f"{place}@", ".route.json"), (f"{place}.t0@", ".rest.json")):
        for key in store.list_keys(bucket, prefix=start) or ():
            if key.endswith(end):
                routes[int(key[len(start) : -len(end)])] = key
    route = json.loads(store.read_key(routes[max(routes)], bucket))
    if isinstance(route, list):
        return [f"{told['SLICE']}.{number}" for number in route]
    went = route.get("to") or route["left"]
    return [step for step, taken in went.items() if taken]


def check(overrides):
    """AWS accepts longer overrides, and then the container fails."""
    if len(json.dumps(overrides)) > 8192:
        raise AirflowFailException("the parameters are longer than the 8,192 characters that a container takes")


class Step(BatchOperator):
    """A job. It hands nothing back, so where to go on is read from the store; exit code 78 is final."""

    def execute(self, context):
        check(self.container_overrides)
        return self.ended(super().execute, context)

    def execute_complete(self, context, event=None):
        return self.ended(super().execute_complete, context, event)

    def ended(self, wait, *arguments):
        try:
            wait(*arguments)
        except Exception as error:
            job = self.hook.get_job_description(self.job_id) if self.job_id else {}
            if job.get("container", {}).get("exitCode") == 78:
                raise AirflowFailException("the step ended with exit code 78") from error
            raise
        if self.do_xcom_push:
            return answer(self.container_overrides["environment"], self.aws_conn_id)


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, resources=(), **more):
    """A step on a slice, as a job. With `answers` it says where to go on: slices of a foreach, or steps."""
    environment = {**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})}
    return Step(
        task_id=task_id,
        job_name=f"flowport-{task_id}"[:128],
        container_overrides={
            "command": ["python", "-m", "flowport.runtime", command],
            "environment": [{"name": name, "value": value} for name, value in environment.items()],
            "resourceRequirements": list(resources),
        },
        retry_strategy={"attempts": 1},
        do_xcom_push=answers,
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


@task(trigger_rule="none_failed_min_one_success", retries=3)
def slices(split, over, ti=None):
    """The slices that the instances of a task made, which there is one of for each slice in `over`."""
    answers = (ti.xcom_pull(task_ids=split, map_indexes=index) for index in range(len(over)))
    return [slice for answer in answers for slice in answer or ()]


with DAG(
    dag_id="SwitchForeachSwitch",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    default_args={"owner": "flowport", "retries": 0, "job_queue": "q", "job_definition": "d"},
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
    def orders(slice):
        order = step("order", slice, answers=True)
        wrap = step("wrap", slice, pre_execute=when(("order", "wrap")))
        unpack = step("unpack", slice, answers=True, pre_execute=when(("order", "unpack")))
        order >> [wrap, unpack]
        return order, wrap, unpack

    order, wrap, unpack = orders.expand(slice=start.output)
    unpack_slices = slices.override(task_id="unpack_slices")("unpack", start.output)

    @task_group(
        prefix_group_id=False,
        default_args={"map_index_template": "{{ ti.xcom_pull(task_ids='unpack_slices')[ti.map_index] }}"},
    )
    def pieces(slice):
        piece = step("piece", slice, answers=True)
        saw = step("saw", slice, pre_execute=when(("piece", "saw")))
        fit = step("fit", slice, pre_execute=when(("piece", "fit")))
        checked = step("checked", slice, trigger_rule="none_failed_min_one_success")
        piece >> [saw, fit] >> checked
        return piece, checked

    piece, checked = pieces.expand(slice=unpack_slices)

    @task_group(prefix_group_id=False)
    def orders_2(slice):
        pieces_done = step(
            "pieces_done",
            slice,
            trigger_rule="none_failed_min_one_success",
            pre_execute=when(("order", "unpack")),
        )
        bill = step("bill", slice, trigger_rule="none_failed_min_one_success")
        pieces_done >> bill
        return pieces_done, bill

    pieces_done, bill = orders_2.expand(slice=start.output)
    total = step("total", trigger_rule="none_failed_min_one_success")
    end = step("end", outlets=[Asset("flowport/SwitchForeachSwitch")])

    start >> [order, total]
    unpack >> [unpack_slices, pieces_done]
    unpack_slices >> piece
    checked >> pieces_done
    wrap >> bill >> total >> end


if __name__ == "__main__":
    dag.test()
