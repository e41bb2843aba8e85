"""The settings of a profile that this target reads, and their values with the defaults filled in."""

from __future__ import annotations

from flowport.compiler.ir import JSON
from flowport.compiler.lower.names import legal
from flowport.compiler.record import record
from flowport.compiler.target import Profile, Setting

ROLE = "arn:aws:iam::123456789012:role/ecs"
CHILDREN = 10_000
"""Children of a distributed map that run at once (AWS Step Functions, "Quotas")."""

TIMEOUT = 99_999_999
"""The largest TimeoutSeconds of a state machine (Amazon States Language)."""

SETTINGS = (
    Setting("store", "the store of the runs: s3://bucket/prefix", required=True, example="s3://my-bucket/flowport"),
    Setting(
        "image",
        "the container image; it contains Python, flowport and the modules that the flow imports",
        required=True,
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/flows:1",
    ),
    Setting("compute", "where tasks run: batch", default="batch", choices=("batch",)),
    Setting("job_queue", "the AWS Batch job queue, by name or ARN", required=True, example="flows"),
    Setting("job_role", "ARN of the role of the containers; it needs job-policy.json", example=ROLE),
    Setting(
        "execution_role", "ARN of the role with which ECS starts the containers; required for Fargate and for private images", example=ROLE
    ),
    Setting("platform", "what the job queue runs on: EC2 or FARGATE", default="EC2", choices=("EC2", "FARGATE")),
    Setting("partition", "the AWS partition in the ARNs of the policies", default="aws"),
    Setting("region", "the region in the ARNs of the policies; by default any", default="*"),
    Setting("account", "the account in the ARNs of the policies; by default any", default="*"),
    Setting("machine", "the name of the state machine; by default the name of the flow"),
    Setting("max_concurrency", "how many tasks of a foreach may run at once, including the foreaches inside it", kind="number"),
    Setting(
        "run_timeout",
        "timeout of a run in seconds: the execution is stopped and fails (`TimeoutSeconds`); by default there is none",
        kind="number",
        most=TIMEOUT,
    ),
    Setting("tags", "tags of the job definitions and their jobs, a table of strings", example={"team": "vision"}, kind="table"),
    Setting("width", "the largest number of tasks that one task may start with a foreach", default=1000, kind="number", most=CHILDREN),
    Setting("total", "the largest number of tasks of one foreach in a whole run", default=10_000, kind="number"),
    Setting(
        "turns",
        "turns of a loop that run in containers of their own, one container runs the rest; by default what the history allows",
        kind="number",
        least=0,
    ),
)

STAND_INS: Profile = {"store": "s3://flowport-dry-run", "image": "python", "job_queue": "flows"}
"""What a dry run assumes: no bucket, image or queue of these names is asked for."""

MACHINE_NAME = "A-Za-z0-9_-", 80
"""What we call machines; a name may hold more, but then CloudWatch has no metrics of its executions."""

DEFAULTS = {setting.name: setting.default for setting in SETTINGS}


@record
class Settings:
    """A profile as this target sees it; `bucket` and `prefix` are the two parts of `store`, the prefix empty or ending in `/`."""

    bucket: str
    prefix: str
    image: str
    compute: str
    job_queue: str
    platform: str
    partition: str
    region: str
    account: str
    width: int
    total: int
    job_role: str | None
    execution_role: str | None
    machine: str
    max_concurrency: int | None
    run_timeout: int | None
    turns: int | None
    tags: tuple[tuple[str, str], ...]

    @property
    def store(self) -> str:
        """The store's URL, as the runtime is given it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def settings(profile: Profile, flow: str) -> Settings:
    """The settings for a flow, in a profile that has no `setting_problems`."""
    values = {**DEFAULTS, **{name: value for name, value in profile.items() if value is not None}}
    bucket, _, prefix = str(values["store"]).removeprefix("s3://").partition("/")
    tags = values["tags"]
    return Settings(
        bucket=bucket,
        prefix=prefix.strip("/") + "/" if prefix.strip("/") else "",
        image=str(values["image"]),
        compute=str(values["compute"]),
        job_queue=str(values["job_queue"]),
        platform=str(values["platform"]),
        partition=str(values["partition"]),
        region=str(values["region"]),
        account=str(values["account"]),
        width=_number(values["width"]) or 1,
        total=_number(values["total"]) or 1,
        job_role=_text(values["job_role"]),
        execution_role=_text(values["execution_role"]),
        machine=_text(values["machine"]) or legal(flow, *MACHINE_NAME),
        max_concurrency=_number(values["max_concurrency"]),
        run_timeout=_number(values["run_timeout"]),
        turns=_number(values["turns"]),
        tags=tuple((name, str(value)) for name, value in tags.items()) if isinstance(tags, dict) else (),
    )


def _text(value: JSON) -> str | None:
    return None if value is None else str(value)


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
