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
import os
import signal
import subprocess
import tempfile
from datetime import datetime, timezone

try:  # Airflow 3
    from airflow.sdk import DAG, Asset, BaseOperator, task, task_group
    from airflow.sdk.definitions.param import Param
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import task, task_group
    from airflow.exceptions import AirflowFailException, AirflowSkipException
    from airflow.models import BaseOperator
    from airflow.models.param import Param

PYTHON = "python"
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


class Step(BaseOperator):
    """A process on the worker's own machine; exit code 78 says that trying again is of no use."""

    template_fields = ("environment",)

    def __init__(self, *, command, environment, **more):
        super().__init__(**more)
        self.command, self.environment, self.process = command, environment, None

    def execute(self, context):
        with tempfile.TemporaryDirectory() as folder:
            answer = os.path.join(folder, "route.json")
            environment = {**os.environ, **self.environment, "FLOWPORT_ROUTE": answer}
            self.process = subprocess.Popen(
                self.command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            for line in self.process.stdout:
                self.log.info("%s", line.rstrip())
            code = self.process.wait()
            if code:
                raise (AirflowFailException if code == 78 else RuntimeError)(f"the step ended with exit code {code}")
            if self.do_xcom_push:
                with open(answer) as file:
                    return json.load(file)

    def on_kill(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, **more):
    """A step on a slice, as a process. With `answers` it says where to go on: slices of a foreach, or steps."""
    return Step(
        task_id=task_id,
        command=[PYTHON, "-m", "flowport.runtime", command],
        environment={**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})},
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
    default_args={"owner": "flowport", "retries": 0},
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
