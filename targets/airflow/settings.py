"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, number, table, text, texts

TIMEOUT = 99_999_999
"""The most seconds of a timeout: three years, as on Step Functions."""

ID = "A-Za-z0-9_.-", 250
"""What Airflow takes for the ids of DAGs and tasks (`validate_key`): these characters, and so many."""

DRY_RUN_DEFAULTS: Profile = {"store": "s3://flowport-dry-run", "compute": "local"}
"""What a dry run assumes: its tasks are processes of this machine, whatever a profile says."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    given_store = text(
        "where artifacts live, as s3://, gs:// or az://; a folder where tasks see it",
        name="store",
        required=True,
        example="s3://my-bucket/flowport",
    )
    compute = text(
        "what the tasks run on: kubernetes, docker, batch, ecs or local",
        default="kubernetes",
        choices=("kubernetes", "docker", "batch", "ecs", "local"),
    )
    image = text(
        "the container image, with Python, flowport and what the flow imports (kubernetes, docker)",
        example="registry.example.com/flows:1",
    )
    job_queue = text("the AWS Batch job queue (batch)", example="flows")
    job_definition = text("the AWS Batch job definition, with the image and the role (batch)", example="flows")
    cluster = text("the ECS cluster (ecs)", example="flows")
    task_definition = text("the ECS task definition, with the image and the role (ecs)", example="flows")
    container = text("the container of the task definition that runs the steps (ecs)", example="main")
    platform = text("EC2 or FARGATE (batch, ecs)", default="EC2", choices=("EC2", "FARGATE"))
    python = text("the Python of the workers that has flowport and what the flow imports (local)", default="python")
    dags = text("where `flowport deploy` puts the DAG file: a folder, s3:// or gs://", example="s3://my-bucket/dags", folder=True)
    given_dag_id = text("the id of the DAG; the flow's name unless given", name="dag_id", example="my_flow")
    owner = text("the owner of the tasks", default="flowport")
    tags = texts("tags of the DAG, a list of text", example=["ml"])
    default_args = table(
        "arguments that all tasks get: Airflow's, such as `pool`, and the operator's, such as `namespace`; a table",
        example={"pool": "ml"},
        dates=True,
    )
    max_concurrency = number("how many tasks of a run are there at once (`max_active_tasks`); Airflow's default unless given")
    max_active_runs = number(
        "how many runs of the DAG are there at once; more wait (`max_active_runs`); Airflow's default unless given",
    )
    run_timeout = number("seconds after which a run is stopped and fails (`dagrun_timeout`); none unless given", most=TIMEOUT)
    startup_timeout = number(
        "seconds that a pod may take to start (`startup_timeout_seconds`); the operator's default unless given (kubernetes)",
        most=TIMEOUT,
    )
    width = number("the most tasks that one fan-out makes", default=500)
    total = number("the most tasks that one foreach makes in a whole run, with the foreaches around it", default=500)

    @property
    def store(self) -> str:
        """The store's address, without a slash at the end."""
        return self.given_store.rstrip("/")

    @property
    def dag_id(self) -> str:
        """The id of the DAG."""
        return self.given_dag_id or legal(self.flow, *ID)
