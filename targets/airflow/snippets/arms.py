try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowSkipException


def when(*ways):
    """Skip a task unless one of these ways was taken: from the task that decided, to a step that it sent items to."""

    def decide(context):
        ti = context["ti"]
        for source, target in ways:
            if target in (ti.xcom_pull(task_ids=source, map_indexes=ti.map_index) or ()):
                return
        raise AirflowSkipException("no item comes this way")

    return decide
