import json

from airflow.providers.docker.operators.docker import DockerOperator

try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException, AirflowSkipException


class Step(DockerOperator):
    """A container whose answer is read as JSON; exit code 78 says that trying again is of no use."""

    pickling_library = json

    def execute(self, context):
        try:
            return super().execute(context)
        except AirflowSkipException as error:
            raise AirflowFailException("the step ended with exit code 78") from error


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, **more):
    """A step on a slice, as a container. With `answers` it says where to go on: slices of a foreach, or steps."""
    environment = {**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})}
    if answers:
        environment["FLOWPORT_ROUTE"] = "/tmp/flowport-route.json"
    return Step(
        task_id=task_id,
        command=["python", "-m", "flowport.runtime", command],
        environment=environment,
        retrieve_output=answers,
        retrieve_output_path="/tmp/flowport-route.json",
        do_xcom_push=answers,
        skip_on_exit_code=78,
        **more,
    )
