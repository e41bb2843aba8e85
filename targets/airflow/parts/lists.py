try:  # Airflow 3
    from airflow.sdk import task
except ImportError:  # Airflow 2
    from airflow.decorators import task


@task(trigger_rule="none_failed_min_one_success", retries=3)
def slices(answers):
    """The slices that all instances of a step made. Of a single instance Airflow 3 hands over the bare answer."""
    found = list(answers or ())
    if found and isinstance(found[0], str):
        return found
    return [slice for answer in found for slice in answer or ()]
