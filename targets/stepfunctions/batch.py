"""AWS Batch as the compute of a flow: job definitions, the state that runs a job, and what the machine must be allowed for it."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.ir import JSON
from flowport.compiler.lower.names import HASH
from flowport.runtime.protocol import STOP
from flowport.runtime.store import digests
from flowport.runtime.store.documents import dump
from flowport.targets.sizes import disk, requirements
from flowport.targets.stepfunctions.access.statements import allow, place
from flowport.targets.stepfunctions.containers.properties import linux_parameters, logging, mounts
from flowport.targets.stepfunctions.jobs import Job, Jobs
from flowport.targets.stepfunctions.settings import Settings
from flowport.targets.stepfunctions.states import State, patient

SUBMIT = "arn:aws:states:::batch:submitJob.sync"

# Batch takes 50 SubmitJob calls a second; a wide foreach asks for more. AWSBatchException is the older name of the same error.
THROTTLED = ("Batch.TooManyRequestsException", "Batch.AWSBatchException", "Batch.ServerException")


def state(job: Job, settings: Settings, values: Mapping[str, JSON]) -> State:
    """Submit a job and wait for it; `values` fill the `Ref::` words of its command."""
    queue = job.batch.queue or settings.job_queue
    parameters: State = {"JobName": job.name, "JobQueue": queue, "JobDefinition": definition_name(job, settings)}
    parameters["Parameters"] = dict(values)
    if settings.share_identifier:
        # A queue with a scheduling policy takes both or neither (AWS Batch API, SubmitJob).
        parameters |= {"ShareIdentifier": settings.share_identifier, "SchedulingPriorityOverride": settings.scheduling_priority or 0}
    return {"Type": "Task", "Resource": SUBMIT, "Parameters": parameters, "ResultPath": None, "Retry": [patient(THROTTLED)]}


def retried_by_batch(submit: State, attempts: int) -> State:
    """The state that submits a job, for one that Batch itself tries again, until it is done or says that trying is useless."""
    if attempts == 1:
        return submit
    rules: JSON = [{"OnExitCode": str(STOP), "Action": "EXIT"}]  # with no rule for it, another exit code is tried again
    return _with(submit, "RetryStrategy", {"Attempts": attempts, "EvaluateOnExit": rules})


def array(submit: State, size: str) -> State:
    """The state that submits a job, for an array job with as many children as the path `size` says."""
    return _with(submit, "ArrayProperties", {"Size.$": size})


def _with(submit: State, name: str, value: JSON) -> State:
    parameters = submit["Parameters"]
    assert isinstance(parameters, dict)
    return {**submit, "Parameters": {**parameters, name: value}}


def permissions(settings: Settings, jobs: Jobs) -> list[JSON]:
    """The permissions that the role of the machine needs to submit these jobs and to learn how they end."""
    batch = place(settings, "batch")
    # The optimized integration waits for a job through a rule of this name (Step Functions, "IAM policies for AWS Batch").
    rule = f"{place(settings, 'events')}:rule/StepFunctionsGetEventsForBatchJobsRule"
    queues = dict.fromkeys(_queue(job.batch.queue or settings.job_queue, batch) for job in jobs)
    statements = [
        # By what their names begin with: definitions of earlier versions may be submitted as long as executions run, and a policy has room
        # for about 6,000 characters (IAM quotas).
        allow("SubmitItsJobs", ["batch:SubmitJob"], [*queues, f"{batch}:job-definition/{settings.begin('batch')}*"]),
        allow("WatchAndStopJobs", ["batch:DescribeJobs", "batch:TerminateJob"], ["*"]),
        allow("HearOfJobs", ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
    ]
    if any(_tags(job, settings) for job in jobs):
        statements.append(allow("TagItsJobs", ["batch:TagResource"], [f"{batch}:job/*"]))
    return statements


def _queue(queue: str, batch: str) -> str:
    return queue if queue.startswith("arn:") else f"{batch}:job-queue/{queue}"


def _tags(job: Job, settings: Settings) -> dict[str, JSON]:
    """The tags of the profile, and those of the step over them."""
    return {**{name: str(value) for name, value in settings.tags.items()}, **dict(job.batch.aws_batch_tags)}


def definition(job: Job, settings: Settings) -> dict[str, JSON]:
    """The input of `aws batch register-job-definition --cli-input-json`."""
    return {"jobDefinitionName": definition_name(job, settings), **_content(job, settings)}


def definition_name(job: Job, settings: Settings) -> str:
    """The name of a job definition, which changes with its content: registering another one cannot change what runs."""
    return f"{job.name}-{digests.of(dump(_content(job, settings)))[:HASH]}"


def _content(job: Job, settings: Settings) -> dict[str, JSON]:
    document: dict[str, JSON] = {
        "type": "container" if job.nodes == 1 else "multinode",
        "platformCapabilities": [settings.platform],
        **_containers(job, settings),
        # Retries are the state machine's, with its delay and its count. As Batch itself never tries again, there is nothing
        # for `evaluateOnExit` to stop when a task exits with 78.
        "retryStrategy": {"attempts": 1},
    }
    if job.timeout is not None:
        document["timeout"] = {"attemptDurationSeconds": job.timeout}
    if tags := _tags(job, settings):
        document.update(tags=tags, propagateTags=True)
    return document


def _containers(job: Job, settings: Settings) -> dict[str, JSON]:
    """The container of a job, or of a multi-node parallel job the one that all its nodes have (AWS Batch API, NodeProperties)."""
    container = _container(job, settings)
    if job.nodes == 1:
        return {"containerProperties": container}
    nodes: JSON = [{"targetNodes": "0:", "container": container}]
    return {"nodeProperties": {"numNodes": job.nodes, "mainNode": 0, "nodeRangeProperties": nodes}}


def _container(job: Job, settings: Settings) -> dict[str, JSON]:
    own = job.batch
    container: dict[str, JSON] = {"image": own.image or settings.image}
    container["command"] = ["python", "-m", "flowport.runtime", *job.invocation.argv()]
    container["resourceRequirements"] = requirements(job.resources, settings.platform)
    if job.environment:
        container["environment"] = [{"name": name, "value": value} for name, value in job.environment]
    if job.secrets:
        # ECS puts the values in when it starts the container (AWS Batch API, ContainerProperties, `secrets`).
        container["secrets"] = [{"name": secret.variable, "valueFrom": secret.name} for secret in job.secrets]
    if settings.platform == "EC2" and (linux := linux_parameters(job)):
        container["linuxParameters"] = linux
    if job.resources.disk and settings.platform == "FARGATE":
        container["ephemeralStorage"] = {"sizeInGiB": disk(job.resources.disk)}
    if own.privileged:
        container["privileged"] = True
    if role := own.iam_role or settings.job_role:
        container["jobRoleArn"] = role
    if role := own.execution_role or settings.execution_role:
        container["executionRoleArn"] = role
    return {**container, **logging(own), **mounts(own)}
