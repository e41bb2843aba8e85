"""The two policies that a deployed flow needs, each with what its role does and no more: the machine's role, and the job's.

Who can write to the store can run code in the tasks; neither role may delete anything, or touch another flow's documents.
"""

from __future__ import annotations

from flowport.compiler.ir import JSON
from flowport.compiler.plan import Choice, Loop, Map, Plan, walk
from flowport.runtime.address import part
from flowport.targets.stepfunctions.jobs import Jobs
from flowport.targets.stepfunctions.settings import Settings


def machine_policy(plan: Plan, settings: Settings, jobs: Jobs) -> dict[str, JSON]:
    """What the state machine does: submit its jobs, hand over its input, read routes, start the children of its maps."""
    kinds = {type(node) for node in walk(plan.body)}
    flow = part(plan.flow.name)
    batch = _place(settings, "batch")
    submitted = _definitions(settings, batch, jobs)
    # The optimized integration waits for a job through a rule of this name (Step Functions, "IAM policies for AWS Batch").
    rule = f"{_place(settings, 'events')}:rule/StepFunctionsGetEventsForBatchJobsRule"
    statements: list[JSON] = [
        _allow("SubmitItsJobs", ["batch:SubmitJob"], [_queue(settings, batch), *submitted]),
        _allow("WatchAndStopJobs", ["batch:DescribeJobs", "batch:TerminateJob"], ["*"]),
        _allow("HearOfJobs", ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
        _allow("StoreTheInput", ["s3:PutObject"], [_objects(settings, f"{flow}/*/input.json")]),
    ]
    if settings.tags:
        statements.append(_allow("TagItsJobs", ["batch:TagResource"], [f"{batch}:job/*"]))
    read: list[JSON] = []
    if kinds & {Map, Choice, Loop}:
        read.append(_objects(settings, f"{flow}/*.route.json"))
    if Loop in kinds:
        read.append(_objects(settings, f"{flow}/*.rest.json"))
    if read:
        statements.append(_allow("ReadRoutes", ["s3:GetObject"], read))
    if Map in kinds:
        states = _place(settings, "states")
        statements.append(_allow("RunItsMaps", ["states:StartExecution"], [f"{states}:stateMachine:{settings.machine}"]))
        statements.append(
            _allow(
                "FollowItsMaps",
                ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"],
                [f"{states}:execution:{settings.machine}:*", f"{states}:execution:{settings.machine}/*:*"],
            )
        )
    return _policy(statements)


def job_policy(plan: Plan, settings: Settings) -> dict[str, JSON]:
    """What the containers do: read the code, and read and create what this flow stores."""
    flow = part(plan.flow.name)
    documents: list[JSON] = [_objects(settings, f"{flow}/*"), _objects(settings, "blobs/*")]
    return _policy(
        [
            _allow("ReadTheCode", ["s3:GetObject"], [_objects(settings, "code/*")]),
            _allow("ReadAndWriteWhatTheFlowStores", ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], documents),
            # Without a right to list, S3 answers 403 and not 404 for a key that is not there, and a condition on the prefix is not met by
            # GetObject (S3 API reference, GetObject, "Permissions").
            _allow("SeeWhatIsNotThere", ["s3:ListBucket"], [_bucket(settings)]),
        ]
    )


def _policy(statements: list[JSON]) -> dict[str, JSON]:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(name: str, actions: list[JSON], resources: list[JSON]) -> dict[str, JSON]:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}


def _place(settings: Settings, service: str) -> str:
    return f"arn:{settings.partition}:{service}:{settings.region}:{settings.account}"


def _definitions(settings: Settings, batch: str, jobs: Jobs) -> list[JSON]:
    """The job definitions, in every revision, by what their names begin with: a policy has room for about 6,000 characters (IAM quotas)."""
    common = f"{settings.machine}-"
    if all(job.name.startswith(common) for job in jobs):
        return [f"{batch}:job-definition/{common}*"]
    return [f"{batch}:job-definition/{job.name}*" for job in jobs]


def _queue(settings: Settings, batch: str) -> str:
    return settings.job_queue if settings.job_queue.startswith("arn:") else f"{batch}:job-queue/{settings.job_queue}"


def _bucket(settings: Settings) -> str:
    return f"arn:{settings.partition}:s3:::{settings.bucket}"


def _objects(settings: Settings, pattern: str) -> str:
    return f"{_bucket(settings)}/{settings.prefix}{pattern}"
