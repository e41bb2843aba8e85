from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator


class Step(EcsRunTaskOperator):
    """A task of ECS; it hands nothing back, so where to go on is read from the store."""

    def execute(self, context):
        check(self.overrides)
        super().execute(context)
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
        **more,
    )
