"""The settings of a profile that this target reads."""

from __future__ import annotations

from flowport.compiler.lower.names import legal
from flowport.compiler.settings import Profile, TargetSettings, flag, number, table, text, texts
from flowport.targets.hooks.receivers import on_end
from flowport.targets.schedules.vocabulary import CATCH_UP, COOLDOWN, OVERLAP, OVERLAPS

ROLE = "arn:aws:iam::123456789012:role/ecs"
CHILDREN = 10_000
"""Children of a distributed map that run at once (AWS Step Functions, "Quotas")."""

TIMEOUT = 99_999_999
"""The largest TimeoutSeconds of a state machine (Amazon States Language)."""

MACHINE_NAME = "A-Za-z0-9_-", 80
"""What we call machines; a name may hold more, but then CloudWatch has no metrics of its executions."""

JOB_NAMES = "A-Za-z0-9_-"
"""The names of job definitions, task definitions and functions (AWS Batch API, Amazon ECS API and AWS Lambda API)."""

FUNCTIONS = 40
"""The most characters with which the names of functions begin: they have 64, with the step and a digest."""

LOG_GROUP = r".\-_/#A-Za-z0-9", 512
"""The names of log groups (CloudWatch Logs API, CreateLogGroup)."""

ROLE_NAME = r"\w+=,.@-", 64
"""The names of roles (IAM API, CreateRole)."""

DRY_RUN_DEFAULTS: Profile = {
    "store": "s3://flowport-dry-run",
    "image": "python",
    "job_queue": "flows",
    "cluster": "flows",
    "subnets": ["subnet-00000000"],
    "job_role": "arn:aws:iam::123456789012:role/flows",
    "region": "us-east-1",
    "account": "123456789012",
}
"""The settings that a dry run assumes. It uses no bucket, image, queue, cluster, subnet or role of these names."""


class Settings(TargetSettings):
    """A profile as this target sees it."""

    name_setting = "machine"

    given_store = text("the store of the runs: s3://bucket/prefix", name="store", required=True, example="s3://my-bucket/flowport")
    image = text(
        "the container image; it contains Python, flowport and the modules that the flow imports",
        required=True,
        example="123456789012.dkr.ecr.eu-west-1.amazonaws.com/flows:1",
    )
    compute = text(
        "where tasks run: `batch` (AWS Batch), `ecs` (Amazon ECS, which has no queue) or `lambda` (AWS Lambda, 15 minutes at most)",
        default="batch",
        choices=("batch", "ecs", "lambda"),
    )
    job_queue = text("the AWS Batch job queue, by name or ARN; required for `batch`", example="flows")
    cluster = text("the ECS cluster, by name or ARN; required for `ecs`", example="flows")
    capacity_provider = text(
        "the capacity provider of the cluster that starts the containers, such as `FARGATE_SPOT`; by default ECS starts them itself (ecs)",
        example="FARGATE_SPOT",
    )
    subnets = texts("the subnets of the containers; required for `ecs` on Fargate (ecs)", example=["subnet-0123456789abcdef0"])
    security_groups = texts("the security groups of the containers; by default that of the VPC (ecs)", example=["sg-0123456789abcdef0"])
    public_ip = flag("whether containers on Fargate have a public address, which they need in a subnet without NAT (ecs)")
    given_job_role = text("ARN of the role of the containers; it needs job-policy.json", name="job_role", example=ROLE)
    execution_role = text("ARN of the role with which ECS starts the containers; required for Fargate and for private images", example=ROLE)
    machine_role = text(
        "ARN of the role of the state machine; it needs machine-policy.json; by default the role of the account that is called like the "
        "machine: `DigitsFlow-machine`",
        example=ROLE.replace("ecs", "machine"),
    )
    schedule_role = text(
        "ARN of the role with which EventBridge Scheduler starts the machine; it needs schedule-policy.json; by default the role of the "
        "account that is called like the machine: `DigitsFlow-schedule`",
        example=ROLE.replace("ecs", "schedule"),
    )
    exit_role = text(
        "ARN of the role with which EventBridge starts what follows a run; it needs exit-policy.json; by default the role of the account "
        "that is called like the machine: `DigitsFlow-exit`",
        example=ROLE.replace("ecs", "exit"),
    )
    trigger_role = text(
        "ARN of the role with which EventBridge starts the machine for `@trigger` and `@trigger_on_finish`; it needs trigger-policy.json; "
        "by default the role of the account that is called like the machine: `DigitsFlow-trigger`",
        example=ROLE.replace("ecs", "trigger"),
    )
    event_bus = text("the event bus of the events of `@trigger`; by default that of the account", example="flows")
    flow_roles = flag(
        "whether the containers of each flow have a role of their own, called like the machine: `DigitsFlow-job`; it needs `account`, and "
        "`flowport deploy --roles` creates it"
    )
    schedule = text(
        "whether a deployed `@schedule`, `@trigger` or `@trigger_on_finish` starts runs: `active`, or `paused` until you turn it on",
        default="active",
        choices=("active", "paused"),
    )
    overlap = text(f"{OVERLAPS}; Step Functions can `allow` and `skip`", default="allow", choices=OVERLAP)
    catch_up = text(f"{CATCH_UP}; EventBridge Scheduler cannot, and tries a run again for ten minutes", example="2026-11-01")
    platform = text("what the job queue or the cluster runs on: EC2 or FARGATE", default="EC2", choices=("EC2", "FARGATE"))
    gangs = text(
        "where the nodes of a step with `num_parallel` run: `nodes`, each in a container of its own, or `container`, all in one; "
        "by default `nodes` with AWS Batch on EC2, else `container`",
        choices=("nodes", "container"),
    )
    partition = text("the AWS partition in the ARNs of the policies", default="aws")
    region = text("the region in the ARNs of the policies; by default any", default="*", example="eu-central-1")
    account = text("the account in the ARNs of the policies; by default any", default="*", example="123456789012")
    given_machine = text(
        "the name of the state machine; by default the name of the flow, after that of the profile: `prod-DigitsFlow`", name="machine"
    )
    versions = number(
        "how many versions of the state machine a deployment leaves, for `flowport rollback`; older ones are deleted",
        default=100,
        least=10,
        most=900,
    )
    log_level = text("which events of an execution are logged", default="ERROR", choices=("ALL", "ERROR", "FATAL", "OFF"))
    given_log_group = text(
        "the CloudWatch log group of the state machine; by default `/aws/vendedlogs/states/` and the name of the machine",
        name="log_group",
        example="/aws/vendedlogs/states/flows",
    )
    given_task_log_group = text(
        "the CloudWatch log group of the containers; by default `/ecs/` or `/aws/lambda/`, and the name of the machine (ecs, lambda)",
        name="task_log_group",
        example="/ecs/flows",
    )
    log_retention = number("days for which a log group that flowport creates keeps its events; by default for ever", most=3653)
    log_data = flag("whether logs contain the input of an execution, and so its parameters")
    tracing = flag("whether X-Ray traces executions")
    max_concurrency = number("how many tasks of a foreach may run at once, including the foreaches inside it")
    share_identifier = text(
        "the share identifier of the jobs, for a job queue with a scheduling policy (`ShareIdentifier`)", example="vision"
    )
    scheduling_priority = number(
        "the priority of the jobs among those with the same `share_identifier`: a larger number goes first (`SchedulingPriorityOverride`)",
        least=0,
        most=9999,
    )
    array_jobs = flag(
        "whether a foreach whose body is one step becomes an array job of AWS Batch: one submission, and no execution for each task"
    )
    run_timeout = number(
        "timeout of a run in seconds: the execution is stopped and fails (`TimeoutSeconds`); by default there is none", most=TIMEOUT
    )
    on_success = on_end("is done", "aws-secrets-manager.alerts")
    on_failure = on_end("failed or was stopped", "aws-secrets-manager.alerts")
    cooldown = number(COOLDOWN, most=10 * 366 * 86_400)
    tags = table("tags of the job definitions and their jobs, a table of strings", example={"team": "vision"})
    width = number("the largest number of tasks of one foreach", default=1000, most=CHILDREN)
    total = number("the largest number of tasks of one foreach in a whole run, if it is inside other foreaches", default=10_000)
    turns = number(
        "turns of a loop that run in containers of their own; one container runs the rest; "
        "by default as many as the history of an execution allows",
        least=0,
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
        """The name of the state machine, with that of the profile in front: several profiles may share an account.

        In front, as policies name job definitions by what their names begin with: `DigitsFlow-*` has none of `prod-DigitsFlow`.
        """
        return self.given_machine or legal(f"{self.profile}-{self.flow}" if self.profile else self.flow, *MACHINE_NAME)

    @property
    def exit_machine(self) -> str:
        """The name of the state machine that is started when a run has ended."""
        return legal(f"{self.machine}-exit", *MACHINE_NAME)

    @property
    def log_group(self) -> str:
        """The name of the log group."""
        return self.given_log_group or _log_group("/aws/vendedlogs/states/", self.machine)

    @property
    def task_log_group(self) -> str:
        """The name of the log group of the containers of ECS, or of the functions."""
        return self.given_task_log_group or _log_group("/aws/lambda/" if self.compute == "lambda" else "/ecs/", self.machine)

    @property
    def job_role(self) -> str:
        """The ARN of the role of the containers; "" for the one of the instance that a container runs on."""
        return self.given_job_role or (self.role("job", self.account) if self.flow_roles and self.account != "*" else "")

    def begin(self, compute: str) -> str:
        """What the names of all definitions of jobs or functions of the machine begin with, on a kind of compute.

        A job begins with a letter or a digit (AWS Batch API, SubmitJob).
        """
        name = legal(self.machine, JOB_NAMES, FUNCTIONS if compute == "lambda" else MACHINE_NAME[1])
        return f"{name if name[0].isalnum() else f'flow{name}'}-"

    def role(self, purpose: str, account: str) -> str:
        """The ARN of the flow's own role for a purpose: `job`, `machine`, `schedule`, `trigger` or `exit`."""
        return f"arn:{self.partition}:iam::{account}:role/{legal(f'{self.machine}-{purpose}', *ROLE_NAME)}"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Which of `region` and `account` the profile does not say."""
        return tuple(name for name in ("region", "account") if getattr(self, name) == "*")


def _log_group(folder: str, machine: str) -> str:
    characters, limit = LOG_GROUP
    return f"{folder}{legal(machine, characters, limit - len(folder))}"
