from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, **more):
    """A step on a slice, as a pod. With `answers` it says where to go on: slices of a foreach, or steps."""
    environment = {**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})}
    if answers:
        environment["FLOWPORT_ROUTE"] = "/airflow/xcom/return.json"
    return KubernetesPodOperator(
        task_id=task_id,
        cmds=["python", "-m", "flowport.runtime", command],
        env_vars=environment,
        do_xcom_push=answers,
        **more,
    )
