from airflow.providers.amazon.aws.operators.batch import BatchOperator


class Step(BatchOperator):
    """A job; AWS Batch hands nothing back, so where to go on is read from the store."""

    def execute(self, context):
        check(self.container_overrides)
        super().execute(context)
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
