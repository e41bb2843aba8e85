"""The settings of a profile that this target reads, and their values with the defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.lower.names import legal
from flowport.compiler.record import record
from flowport.compiler.target import Profile, Setting

TIMEOUT = 99_999_999
"""The most seconds of a timeout: three years, as on Step Functions."""

SETTINGS = (
    Setting(
        "store", "where artifacts live, as s3://, gs:// or az://; a folder where tasks see it", True, example="s3://my-bucket/flowport"
    ),
    Setting(
        "compute",
        "what the tasks run on: kubernetes, docker, batch, ecs or local",
        default="kubernetes",
        choices=("kubernetes", "docker", "batch", "ecs", "local"),
    ),
    Setting(
        "image",
        "the container image, with Python, flowport and what the flow imports (kubernetes, docker)",
        example="registry.example.com/flows:1",
    ),
    Setting("job_queue", "the AWS Batch job queue (batch)", example="flows"),
    Setting("job_definition", "the AWS Batch job definition, with the image and the role (batch)", example="flows"),
    Setting("cluster", "the ECS cluster (ecs)", example="flows"),
    Setting("task_definition", "the ECS task definition, with the image and the role (ecs)", example="flows"),
    Setting("container", "the container of the task definition that runs the steps (ecs)", example="main"),
    Setting("platform", "EC2 or FARGATE (batch, ecs)", default="EC2", choices=("EC2", "FARGATE")),
    Setting("python", "the Python of the workers that has flowport and what the flow imports (local)", default="python"),
    Setting("dags", "where `flowport deploy` puts the DAG file: a folder, s3:// or gs://", example="s3://my-bucket/dags", folder=True),
    Setting("dag_id", "the id of the DAG; the flow's name unless given", example="my_flow"),
    Setting("owner", "the owner of the tasks", default="flowport"),
    Setting("tags", "tags of the DAG, a list of text", example=["ml"], kind="texts"),
    Setting(
        "default_args",
        "arguments that all tasks get: Airflow's, such as `pool`, and the operator's, such as `namespace`; a table",
        example={"pool": "ml"},
        kind="arguments",
    ),
    Setting(
        "max_concurrency", "how many tasks of a run are there at once (`max_active_tasks`); Airflow's default unless given", kind="number"
    ),
    Setting(
        "max_active_runs",
        "how many runs of the DAG are there at once; more wait (`max_active_runs`); Airflow's default unless given",
        kind="number",
    ),
    Setting(
        "run_timeout", "seconds after which a run is stopped and fails (`dagrun_timeout`); none unless given", kind="number", most=TIMEOUT
    ),
    Setting(
        "startup_timeout",
        "seconds that a pod may take to start (`startup_timeout_seconds`); the operator's default unless given (kubernetes)",
        kind="number",
        most=TIMEOUT,
    ),
    Setting("width", "the most tasks that one fan-out makes", default=500, kind="number"),
    Setting("total", "the most tasks that one foreach makes in a whole run, with the foreaches around it", default=500, kind="number"),
)

STAND_INS: Profile = {"store": "s3://flowport-dry-run", "compute": "local"}
"""What a dry run assumes: its tasks are processes of this machine, whatever a profile says."""

ID = "A-Za-z0-9_.-", 250
"""What Airflow takes for the ids of DAGs and tasks (`validate_key`): these characters, and so many."""

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@record
class Settings:
    """A profile as this target sees it."""

    store: str
    compute: str
    image: str
    job_queue: str
    job_definition: str
    cluster: str
    task_definition: str
    container: str
    platform: str
    python: str
    dag_id: str
    owner: str
    tags: tuple[str, ...]
    default_args: Mapping[str, JSON]
    max_concurrency: int | None
    max_active_runs: int | None
    run_timeout: int | None
    startup_timeout: int | None
    width: int
    total: int


def settings(profile: Profile, flow: str) -> Settings:
    """The settings for a flow, in a profile that has no `setting_problems`."""
    values = {**DEFAULTS, **{name: value for name, value in profile.items() if value is not None}}
    text = {name: str(values[name] or "") for name in DEFAULTS}
    tags, more = values["tags"], values["default_args"]
    return Settings(
        **{name: text[name] for name in ("compute", "image", "job_queue", "job_definition", "cluster", "task_definition", "container")},
        **{name: text[name] for name in ("platform", "python", "owner")},
        store=text["store"].rstrip("/"),
        dag_id=text["dag_id"] or legal(flow, *ID),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        default_args=more if isinstance(more, dict) else {},
        max_concurrency=_number(values["max_concurrency"]),
        max_active_runs=_number(values["max_active_runs"]),
        run_timeout=_number(values["run_timeout"]),
        startup_timeout=_number(values["startup_timeout"]),
        width=_number(values["width"]) or 1,
        total=_number(values["total"]) or 1,
    )


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
