"""DAG files on their way to Airflow, and what its REST API says of the runs of a deployed one."""
