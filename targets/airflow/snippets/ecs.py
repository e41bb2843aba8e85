from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator

try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException, AirflowSkipException


class Step(EcsRunTaskOperator):
    """A task of ECS. It hands nothing back, so where to go on is read from the store; exit code 78 is final."""

    def execute(self, context):
        check(self.overrides)
        return self.ended(super().execute, context)

    def execute_complete(self, context, event=None):
        return self.ended(super().execute_complete, context, event)

    def ended(self, wait, *arguments):
        try:
            wait(*arguments)
        except AirflowSkipException as error:
            raise AirflowFailException("the step ended with exit code 78") from error
        if self.do_xcom_push:
            return answer(self.overrides["containerOverrides"][0]["environment"], self.aws_conn_id)


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, size=None, gpus=(), **more):
    """A step on a slice, as a task of ECS. With `answers` it says where to go on: slices of a foreach, or steps."""
    environment = {**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})}
    container = {
        "name": CONTAINER,
        "command": ["python", "-m", "flowport.runtime", command],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "resourceRequirements": list(gpus),
    }
    return Step(
        task_id=task_id,
        overrides={**(size or {}), "containerOverrides": [container]},
        do_xcom_push=answers,
        skip_on_exit_code=78,
        **more,
    )
