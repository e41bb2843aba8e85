"""The policies that a deployed flow needs, each with what its role does and no more: the machine's role, the job's, and, where AWS Batch
puts secrets into containers, the execution role's.

Who can write to the store can run code in the tasks; no role may delete anything, or touch another flow's documents. A job may create
documents, and write again only those that say how far the run is and which tags it has. A blob it may write again, which makes it new
where blobs are removed by age; every reader compares a blob with the digest that the manifest has. What its steps store with
`S3(run=self)` it may write again too, and in flows with `@checkpoint` the checkpoints of its run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Choice, Loop, Map, Plan, walk
from flowport.compiler.ir.secrets import Secret
from flowport.compiler.lower.run_ids import run_prefix
from flowport.runtime.protocol import GATE
from flowport.runtime.store.keys import ATTEMPT, CHECKPOINTS, FLOWS, LIVE, gate, hub_cache, part, runs_folder
from flowport.targets.hooks.receivers import receivers
from flowport.targets.stepfunctions import overlap
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.foreach.arrays import array_origins
from flowport.targets.stepfunctions.jobs import Jobs
from flowport.targets.stepfunctions.machine_settings import permissions
from flowport.targets.stepfunctions.settings import Settings

CREATE_ONLY: dict[str, JSON] = {"Null": {"s3:if-none-match": "false"}}
"""The request has the header If-None-Match, so S3 refuses to overwrite (Amazon S3, "Enforce conditional writes")."""

STATUS = (f"*{ATTEMPT}/*", f"*/{LIVE}/*", "*/heartbeat", "*/ended.json", "*/tags.json")
"""The documents of a run that change: what attempts left, what they say while they run, that the run lives, how it ended, and its tags."""

DATA = "*/s3-data/*"
"""What steps store with `S3(run=self)`, which they may overwrite. No step has a name with a hyphen, so nothing else matches."""

SAVED = f"*/{CHECKPOINTS}/*"
"""What steps save as checkpoints: slots that are overwritten in turn. No step has a name with a hyphen."""


def machine_policy(plan: Plan, settings: Settings, jobs: Jobs) -> dict[str, JSON]:
    """What the state machine does: submit jobs, store its input, read routes, and start the children of its maps."""
    kinds = {type(node) for node in walk(plan.body)}
    runs = f"{runs_folder(plan.flow.name)}{run_prefix(plan.flow)}"
    statements = [
        *COMPUTE[settings.compute].permissions(settings, jobs),
        allow("StoreTheInput", ["s3:PutObject"], [_objects(settings, f"{runs}*/input.json")]),
    ]
    read: list[str] = []
    if kinds & {Map, Choice, Loop}:
        read.append(_objects(settings, f"{runs}*.route.json"))
    if Loop in kinds:
        read.append(_objects(settings, f"{runs}*.rest.json"))
    if read:
        statements.append(allow("ReadRoutes", ["s3:GetObject"], read))
    arrays = array_origins(plan, settings)
    if any(isinstance(node, Map) and node.origin not in arrays for node in walk(plan.body)):
        states = place(settings, "states")
        statements.append(allow("RunItsMaps", ["states:StartExecution"], [f"{states}:stateMachine:{settings.machine}"]))
        statements.append(
            allow(
                "FollowItsMaps",
                ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
                [f"{states}:execution:{settings.machine}:*", f"{states}:execution:{settings.machine}/*:*"],
            )
        )
    return _policy([*statements, *overlap.permissions(plan, settings), *permissions(settings)])


def job_policy(plan: Plan, settings: Settings) -> dict[str, JSON]:
    """What the containers do: read the code, and read and create what this flow stores."""
    flow, before, blobs = f"{FLOWS}{part(plan.flow.name)}/", run_prefix(plan.flow), _objects(settings, "blobs/*")
    runs = f"{runs_folder(plan.flow.name)}{before}"
    # Those of a project create documents of their own runs alone: in the folder of runs, and in the indexes of them.
    own = _objects(settings, f"{flow}*/{before}*" if before else f"{flow}*")
    return _policy(
        [
            allow("ReadTheCode", ["s3:GetObject"], [_objects(settings, "code/*")]),
            allow("ReadWhatTheFlowStores", ["s3:GetObject"], [_objects(settings, f"{flow}*"), blobs]),
            *_upstream(plan, settings),
            allow("CreateDocuments", ["s3:PutObject"], [own], CREATE_ONLY),
            allow("ReplaceStatus", ["s3:PutObject"], [_objects(settings, f"{runs}{status}") for status in STATUS]),
            allow("StoreData", ["s3:PutObject", "s3:AbortMultipartUpload"], [_objects(settings, f"{runs}{DATA}")]),
            *_gate(plan, settings),
            *_models(plan, settings, _objects(settings, f"{runs}{SAVED}")),
            allow("StoreBlobs", ["s3:PutObject", "s3:AbortMultipartUpload"], [blobs]),
            # Without a right to list, S3 answers 403 and not 404 for a key that is not there, and a condition on the prefix is not met by
            # GetObject (S3 API reference, GetObject, "Permissions").
            allow("SeeWhatIsNotThere", ["s3:ListBucket"], [_bucket(settings)]),
            *_logs_of_functions(settings),
            *_secrets_of_tasks(plan, settings),
        ]
    )


def _upstream(plan: Plan, settings: Settings) -> Iterator[JSON]:
    """The runs of other flows that start this one, which `current.trigger` reads."""
    if plan.flow.upstream:
        flows = dict.fromkeys(f"{FLOWS}{part(source.flow)}/*" for source in plan.flow.upstream)
        yield allow("ReadTheFlowsBefore", ["s3:GetObject"], [_objects(settings, each) for each in flows])


def _gate(plan: Plan, settings: Settings) -> Iterator[JSON]:
    """What decides whether a run begins writes what it waits for."""
    if plan.flow.start == GATE:
        key = gate(plan.flow.name, plan.flow.deployment if plan.flow.project else "")
        yield allow("DecideWhatBegins", ["s3:PutObject"], [_objects(settings, key)])


def _models(plan: Plan, settings: Settings, saved: str) -> Iterator[JSON]:
    """What `@checkpoint`, `@huggingface_hub` and `@tensorboard` need."""
    if any(step.settings.checkpoint is not None for step in plan.flow.steps):
        yield allow("StoreCheckpoints", ["s3:PutObject", "s3:AbortMultipartUpload"], [saved])
    if any(step.settings.hub is not None and step.settings.hub.scope == "global" for step in plan.flow.steps):
        shared = [_objects(settings, f"{hub_cache('', '*')}*")]
        yield allow("ReadTheHubCache", ["s3:GetObject"], shared)
        yield allow("AddToTheHubCache", ["s3:PutObject"], shared, CREATE_ONLY)
    if any(step.settings.tensorboard for step in plan.flow.steps):
        # TensorBoard appends to a file by reading it and writing it again.
        yield allow("WriteTensorBoardLogs", ["s3:GetObject", "s3:PutObject"], [_objects(settings, "data/tb/*")])


def _logs_of_functions(settings: Settings) -> list[JSON]:
    """A function writes its own log; the container of a job has an agent for it."""
    if settings.compute != "lambda":
        return []
    group = f"{place(settings, 'logs')}:log-group:{settings.task_log_group}:*"
    return [allow("WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [group])]


def execution_policy(plan: Plan, settings: Settings) -> dict[str, JSON] | None:
    """What starts the containers reads: the secrets that AWS Batch itself puts into them; None if there are none."""
    statements = _secrets_of_containers(plan)
    return _policy(statements) if statements else None


def _secrets_of_tasks(plan: Plan, settings: Settings) -> list[JSON]:
    """What the role of the containers needs: to read secrets, or to take on the roles that do."""
    fetched = [secret for step in plan.flow.steps for secret in step.settings.delivery.fetched]
    fetched += [Secret(id, type) for one in receivers(settings) if one.place == "secret" for type, _, id in [one.name.partition(".")]]
    fetched = [secret for secret in fetched if secret.type == "aws-secrets-manager"]
    statements: list[JSON] = []
    if secrets := sorted({_secret_arn(secret, settings) for secret in fetched if not secret.role}):
        statements.append(allow("ReadItsSecrets", ["secretsmanager:GetSecretValue"], secrets))
    if roles := sorted({secret.role for secret in fetched if secret.role}):
        statements.append(allow("TakeOnRolesOfSecrets", ["sts:AssumeRole"], roles))
    return statements


def _secrets_of_containers(plan: Plan) -> list[JSON]:
    """What the execution role needs: secrets and parameters that AWS Batch puts into containers."""
    names = sorted({secret.name for step in plan.flow.steps for secret in step.settings.delivery.engine if secret.kind == "batch"})
    statements: list[JSON] = []
    if secrets := [*dict.fromkeys(map(_whole, (name for name in names if ":secretsmanager:" in name)))]:
        statements.append(allow("ReadSecretsOfContainers", ["secretsmanager:GetSecretValue"], secrets))
    if parameters := [name for name in names if ":ssm:" in name]:
        statements.append(allow("ReadParametersOfContainers", ["ssm:GetParameters"], parameters))
    return statements


def _secret_arn(secret: Secret, settings: Settings) -> str:
    """The ARN of a secret; AWS ends it in six characters that a name does not have (AWS Secrets Manager, "IAM policy examples")."""
    if secret.id.startswith("arn:"):
        return secret.id if re.search("-[A-Za-z0-9]{6}$", secret.id) else f"{secret.id}-??????"
    region = next((str(value) for name, value in secret.options if name == "region"), "")
    start = place(settings, "secretsmanager")
    if region:
        start = f"arn:{settings.partition}:secretsmanager:{region}:{settings.account}"
    return f"{start}:secret:{secret.id}-??????"


def _whole(name: str) -> str:
    """The ARN of a secret without the key and the version that AWS Batch takes behind it."""
    return ":".join(name.split(":")[:7])


def _policy(statements: list[JSON]) -> dict[str, JSON]:
    return {"Version": "2012-10-17", "Statement": statements}


def _bucket(settings: Settings) -> str:
    return f"arn:{settings.partition}:s3:::{settings.bucket}"


def _objects(settings: Settings, pattern: str) -> str:
    return f"{_bucket(settings)}/{settings.prefix}{pattern}"
