"""Flows on Airflow: under its real scheduler, and by `dag.test()` of several versions and in every compute."""
