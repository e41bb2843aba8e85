"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, number, table, text

ROLE = "arn:aws:iam::123456789012:role/ecs"
CHILDREN = 10_000
"""Children of a distributed map that run at once (AWS Step Functions, "Quotas")."""

TIMEOUT = 99_999_999
"""The largest TimeoutSeconds of a state machine (Amazon States Language)."""

MACHINE_NAME = "A-Za-z0-9_-", 80
"""What we call machines; a name may hold more, but then CloudWatch has no metrics of its executions."""

DRY_RUN_DEFAULTS: Profile = {"store": "s3://flowport-dry-run", "image": "python", "job_queue": "flows"}
"""What a dry run assumes: no bucket, image or queue of these names is asked for."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    given_store = text("the store of the runs: s3://bucket/prefix", name="store", required=True, example="s3://my-bucket/flowport")
    image = text(
        "the container image; it contains Python, flowport and the modules that the flow imports",
        required=True,
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/flows:1",
    )
    compute = text("where tasks run: batch", default="batch", choices=("batch",))
    job_queue = text("the AWS Batch job queue, by name or ARN", required=True, example="flows")
    job_role = text("ARN of the role of the containers; it needs job-policy.json", example=ROLE)
    execution_role = text("ARN of the role with which ECS starts the containers; required for Fargate and for private images", example=ROLE)
    platform = text("what the job queue runs on: EC2 or FARGATE", default="EC2", choices=("EC2", "FARGATE"))
    partition = text("the AWS partition in the ARNs of the policies", default="aws")
    region = text("the region in the ARNs of the policies; by default any", default="*")
    account = text("the account in the ARNs of the policies; by default any", default="*")
    given_machine = text("the name of the state machine; by default the name of the flow", name="machine")
    max_concurrency = number("how many tasks of a foreach may run at once, including the foreaches inside it")
    run_timeout = number(
        "timeout of a run in seconds: the execution is stopped and fails (`TimeoutSeconds`); by default there is none", most=TIMEOUT
    )
    tags = table("tags of the job definitions and their jobs, a table of strings", example={"team": "vision"})
    width = number("the largest number of tasks that one task may start with a foreach", default=1000, most=CHILDREN)
    total = number("the largest number of tasks of one foreach in a whole run", default=10_000)
    turns = number(
        "turns of a loop that run in containers of their own, one container runs the rest; by default what the history allows", least=0
    )

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
        """The name of the state machine."""
        return self.given_machine or legal(self.flow, *MACHINE_NAME)
