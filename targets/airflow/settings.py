"""The settings of a profile that this target reads."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, number, table, text, texts
from flowport.targets.hooks.receivers import on_end
from flowport.targets.schedules.vocabulary import CATCH_UP, COOLDOWN, OVERLAP, OVERLAPS

TIMEOUT = 99_999_999
"""The most seconds of a timeout: three years, as on Step Functions."""

ID = "A-Za-z0-9_.-", 250
"""What Airflow takes for the ids of DAGs and tasks (`validate_key`): these characters, and so many."""

DRY_RUN_DEFAULTS: Profile = {"store": "s3://flowport-dry-run", "compute": "local"}
"""What a dry run assumes: its tasks are processes of this machine, whatever a profile says."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    name_setting = "dag_id"

    given_store = text(
        "the store of the runs: s3://, gs:// or az://; with compute local also a folder that all workers see",
        name="store",
        required=True,
        example="s3://my-bucket/flowport",
    )
    compute = text(
        "where tasks run: kubernetes, docker, batch, ecs or local",
        default="kubernetes",
        choices=("kubernetes", "docker", "batch", "ecs", "local"),
    )
    image = text(
        "the container image; it contains Python, flowport and the modules that the flow imports (kubernetes, docker)",
        example="registry.example.com/flows:1",
    )
    job_queue = text("the AWS Batch job queue (batch)", example="flows")
    job_definition = text("the AWS Batch job definition, with the image and the role (batch)", example="flows")
    cluster = text("the ECS cluster (ecs)", example="flows")
    task_definition = text("the ECS task definition, with the image and the role (ecs)", example="flows")
    container = text("the container in the task definition that runs the steps (ecs)", example="main")
    platform = text("what runs the containers: EC2 or FARGATE (batch, ecs)", default="EC2", choices=("EC2", "FARGATE"))
    python = text("a Python on the workers that has flowport and the modules that the flow imports (local)", default="python")
    dags = text("where `flowport deploy` writes the DAG file: a folder, s3:// or gs://", example="s3://my-bucket/dags", folder=True)
    api = text(
        "the address of Airflow's web server, for `flowport trigger`, `status` and `stop`; credentials are only in the environment",
        example="https://airflow.example.com",
    )
    schedule = text(
        "whether a new DAG is `active` or `paused` when Airflow sees it for the first time (`is_paused_upon_creation`); by default Airflow "
        "decides",
        choices=("active", "paused"),
    )
    overlap = text(
        f"{OVERLAPS}; by default as `max_active_runs` says, and Airflow can neither `skip` nor `replace`",
        choices=OVERLAP,
    )
    given_catch_up = text(
        f"{CATCH_UP} (`catchup`, `start_date`); by default Airflow starts only the last one",
        name="catch_up",
        example="2026-11-01",
    )
    given_dag_id = text("the id of the DAG; by default the name of the flow", name="dag_id", example="my_flow")
    owner = text("the owner of the tasks", default="flowport")
    tags = texts("tags of the DAG, a list of strings", example=["ml"])
    default_args = table(
        "arguments for all tasks: those of Airflow, such as `pool`, and those of the operator, such as `namespace`; a table",
        example={"pool": "ml"},
        dates=True,
    )
    max_concurrency = number("how many tasks of a run may run at once (`max_active_tasks`); by default Airflow decides")
    max_active_runs = number(
        "how many runs of the DAG may run at once, others wait (`max_active_runs`); by default Airflow decides",
    )
    run_timeout = number(
        "timeout of a run in seconds: the run is stopped and fails (`dagrun_timeout`); by default there is none", most=TIMEOUT
    )
    cooldown = number(COOLDOWN, most=10 * 366 * 86_400)
    startup_timeout = number(
        "timeout for the start of a pod in seconds (`startup_timeout_seconds`); by default that of the operator (kubernetes)",
        most=TIMEOUT,
    )
    priority_class = text("the priority class of the pods (`priority_class_name`) (kubernetes)", example="high")
    on_success = on_end("is done", "connection:alerts")
    on_failure = on_end("failed", "connection:alerts")
    width = number("the largest number of tasks that one task may start with a foreach", default=500)
    total = number("the largest number of tasks of one foreach in a whole run", default=500)

    @property
    def store(self) -> str:
        """The store's address, without a slash at the end."""
        return self.given_store.rstrip("/")

    @property
    def catch_up(self) -> date | None:
        """The date from which missed runs are started late; None for none, and for what is no date."""
        try:
            return date.fromisoformat(self.given_catch_up) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", self.given_catch_up) else None
        except ValueError:
            return None

    @property
    def dag_id(self) -> str:
        """The id of the DAG."""
        return self.given_dag_id or legal(self.flow, *ID)

    @property
    def file(self) -> str:
        """The name of the DAG file."""
        return f"{self.stem}.py"

    @property
    def stem(self) -> str:
        """The name of the DAG file without its ending, and that of the folder of its code."""
        return legal(self.dag_id, "A-Za-z0-9_-", 200)


def api_problem(address: str) -> str:
    """What is wrong with the address of a web server, "" if nothing is; a further line says what to write."""
    way_out = f'\n  write `api = "{Settings.named("api").example}"` under [airflow] in flowport.toml'
    if not address:
        return f"the setting `api` is missing, the address of Airflow's web server{way_out}"
    try:
        parts = urlsplit(address)
        host = parts.hostname and (parts.port or True)
    except ValueError:
        parts, host = urlsplit(""), None
    if "@" in parts.netloc:
        return "the setting `api` contains a user name, and credentials are only in the environment: AIRFLOW_API_USER, AIRFLOW_API_PASSWORD"
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or any(each <= " " for each in address):
        return f"the setting `api` is `{address}`, which is not the address of a web server{way_out}"
    return ""
