from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException, AirflowSkipException


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
