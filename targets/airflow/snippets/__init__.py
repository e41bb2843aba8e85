"""The code that emitted DAG files begin with, as modules that are read and never imported.

What a file needs of them stands in it word for word, so that it imports nothing but Airflow: the functions and classes of one of the
modules for where tasks run (`kubernetes`, `docker`, `batch`, `ecs`, `local`), of `answers` where that is a service that hands nothing
back, of `arms` where there is a switch, of `lists` where a foreach stands inside another one, and of `receivers` where somebody is told
that a run has ended.
"""
