"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, flag, number, table, text

ROLE = "arn:aws:iam::123456789012:role/ecs"
CHILDREN = 10_000
"""Children of a distributed map that run at once (AWS Step Functions, "Quotas")."""

TIMEOUT = 99_999_999
"""The largest TimeoutSeconds of a state machine (Amazon States Language)."""

MACHINE_NAME = "A-Za-z0-9_-", 80
"""What we call machines; a name may hold more, but then CloudWatch has no metrics of its executions."""

DRY_RUN_DEFAULTS: Profile = {
    "store": "s3://flowport-dry-run",
    "image": "python",
    "job_queue": "flows",
    "region": "us-east-1",
    "account": "123456789012",
}
"""What a dry run assumes: no bucket, image or queue of these names is asked for."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    given_store = text("where artifacts live, as s3://bucket/prefix", name="store", required=True, example="s3://my-bucket/flowport")
    image = text(
        "the container image, with Python, flowport and what the flow imports",
        required=True,
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/flows:1",
    )
    compute = text("what the tasks run on: batch", default="batch", choices=("batch",))
    job_queue = text("the AWS Batch job queue, by name or ARN", required=True, example="flows")
    job_role = text("ARN of the role that the containers have; it needs job-policy.json", example=ROLE)
    execution_role = text("ARN of the role with which ECS starts the containers; Fargate and private images need one", example=ROLE)
    platform = text("EC2 or FARGATE, what the job queue runs on", default="EC2", choices=("EC2", "FARGATE"))
    partition = text("the AWS partition of the ARNs in the policies", default="aws")
    region = text("the region of the ARNs in the policies; any when not given", default="*", example="eu-central-1")
    account = text("the account of the ARNs in the policies; any when not given", default="*", example="123456789012")
    given_machine = text(
        "the name of the state machine; the flow's name unless given, with a profile's name in front: `prod-DigitsFlow`", name="machine"
    )
    log_level = text("the events of an execution that are logged", default="ERROR", choices=("ALL", "ERROR", "FATAL", "OFF"))
    given_log_group = text(
        "the CloudWatch log group of the state machine; `/aws/vendedlogs/states/` and its name unless given",
        name="log_group",
        example="/aws/vendedlogs/states/flows",
    )
    log_data = flag("whether logs hold the input of an execution, with its parameters")
    tracing = flag("whether X-Ray traces executions")
    max_concurrency = number("how many tasks of a foreach run at once; in nested foreaches, those of the whole nest")
    run_timeout = number("seconds after which a run is stopped and fails (`TimeoutSeconds`); none unless given", most=TIMEOUT)
    tags = table("tags of the job definitions and their jobs, a table of text", example={"team": "vision"})
    width = number("the most tasks that one fan-out makes", default=1000, most=CHILDREN)
    total = number("the most tasks that one foreach makes in a whole run, with the foreaches around it", default=10_000)
    turns = number("turns of a loop after which the rest of it runs in one container; as many as the history bears unless given", least=0)

    @property
    def bucket(self) -> str:
        """The bucket of the store."""
        return self.given_store.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        """The folder of the store in its bucket: empty, or ending in `/`."""
        folder = self.given_store.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{folder}/" if folder else ""

    @property
    def store(self) -> str:
        """The store's URL, as the runtime is given it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def machine(self) -> str:
        """The name of the state machine, with that of the profile in front: several profiles may share an account.

        In front, as policies name job definitions by what their names begin with: `DigitsFlow-*` has none of `prod-DigitsFlow`.
        """
        return self.given_machine or legal(f"{self.profile}-{self.flow}" if self.profile else self.flow, *MACHINE_NAME)

    @property
    def log_group(self) -> str:
        """The name of the log group."""
        return self.given_log_group or f"/aws/vendedlogs/states/{self.machine}"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Which of `region` and `account` the profile does not say."""
        return tuple(name for name in ("region", "account") if getattr(self, name) == "*")
