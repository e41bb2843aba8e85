from airflow.providers.amazon.aws.operators.batch import BatchOperator

try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException


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
