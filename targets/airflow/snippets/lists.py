try:  # Airflow 3
    from airflow.sdk import task
except ImportError:  # Airflow 2
    from airflow.decorators import task


@task(trigger_rule="none_failed_min_one_success", retries=3)
def slices(split, over, ti=None):
    """The slices that the instances of a task made, which there is one of for each slice in `over`."""
    answers = (ti.xcom_pull(task_ids=split, map_indexes=index) for index in range(len(over)))
    return [slice for answer in answers for slice in answer or ()]
