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
    Setting("store", "where artifacts live, as s3://bucket/prefix", required=True, example="s3://my-bucket/flowport"),
    Setting(
        "image",
        "the container image, with Python, flowport and what the flow imports",
        required=True,
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/flows:1",
    ),
    Setting("compute", "what the tasks run on: batch", default="batch", choices=("batch",)),
    Setting("job_queue", "the AWS Batch job queue, by name or ARN", required=True, example="flows"),
    Setting("job_role", "ARN of the role that the containers have; it needs job-policy.json", example=ROLE),
    Setting("execution_role", "ARN of the role with which ECS starts the containers; Fargate and private images need one", example=ROLE),
    Setting("platform", "EC2 or FARGATE, what the job queue runs on", default="EC2", choices=("EC2", "FARGATE")),
    Setting("partition", "the AWS partition of the ARNs in the policies", default="aws"),
    Setting("region", "the region of the ARNs in the policies; any when not given", default="*", example="eu-central-1"),
    Setting("account", "the account of the ARNs in the policies; any when not given", default="*", example="123456789012"),
    Setting("machine", "the name of the state machine; the flow's name unless given, with a profile's name in front: `prod-DigitsFlow`"),
    Setting("log_level", "the events of an execution that are logged", default="ERROR", choices=("ALL", "ERROR", "FATAL", "OFF")),
    Setting(
        "log_group",
        "the CloudWatch log group of the state machine; `/aws/vendedlogs/states/` and its name unless given",
        example="/aws/vendedlogs/states/flows",
    ),
    Setting("log_data", "whether logs hold the input of an execution, with its parameters", default=False, example=True, kind="flag"),
    Setting("tracing", "whether X-Ray traces executions", default=False, example=True, kind="flag"),
    Setting("max_concurrency", "how many tasks of a foreach run at once; in nested foreaches, those of the whole nest", kind="number"),
    Setting(
        "run_timeout", "seconds after which a run is stopped and fails (`TimeoutSeconds`); none unless given", kind="number", most=TIMEOUT
    ),
    Setting("tags", "tags of the job definitions and their jobs, a table of text", example={"team": "vision"}, kind="table"),
    Setting("width", "the most tasks that one fan-out makes", default=1000, kind="number", most=CHILDREN),
    Setting("total", "the most tasks that one foreach makes in a whole run, with the foreaches around it", default=10_000, kind="number"),
    Setting(
        "turns",
        "turns of a loop after which the rest of it runs in one container; as many as the history bears unless given",
        kind="number",
        least=0,
    ),
)

STAND_INS: Profile = {
    "store": "s3://flowport-dry-run",
    "image": "python",
    "job_queue": "flows",
    "region": "us-east-1",
    "account": "123456789012",
}
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
    log_level: str
    log_group: str
    log_data: bool
    tracing: bool
    tags: tuple[tuple[str, str], ...]

    @property
    def store(self) -> str:
        """The store's URL, as the runtime is given it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def placed(self) -> bool:
        """Whether it is known in which region and account the flow is to run."""
        return "*" not in (self.region, self.account)


def settings(profile: Profile, flow: str) -> Settings:
    """The settings for a flow, in a profile that has no `setting_problems`."""
    values = {**DEFAULTS, **{name: value for name, value in profile.items() if value is not None}}
    bucket, _, prefix = str(values["store"]).removeprefix("s3://").partition("/")
    tags = values["tags"]
    machine = _text(values["machine"]) or machine_name(flow, _text(profile.get("profile")))
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
        machine=machine,
        max_concurrency=_number(values["max_concurrency"]),
        run_timeout=_number(values["run_timeout"]),
        turns=_number(values["turns"]),
        log_level=str(values["log_level"]),
        log_group=_text(values["log_group"]) or f"/aws/vendedlogs/states/{machine}",
        log_data=values["log_data"] is True,
        tracing=values["tracing"] is True,
        tags=tuple((name, str(value)) for name, value in tags.items()) if isinstance(tags, dict) else (),
    )


def machine_name(flow: str, profile: str | None) -> str:
    """The name of a flow's state machine, with that of the profile in front: several profiles may share an account.

    machine_name("DigitsFlow", "prod")  ->  "prod-DigitsFlow"

    In front, as policies name job definitions by what their names begin with: `DigitsFlow-*` has none of `prod-DigitsFlow`.
    """
    return legal(f"{profile}-{flow}" if profile else flow, *MACHINE_NAME)


def _text(value: JSON) -> str | None:
    return None if value is None else str(value)


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) else None
