"""Where each argument of `@batch` stands in a job definition, and what AWS Batch would refuse; checked against its own API model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from compiled import problems_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import BatchJob, Case, End, ExecutionSpec, Foreach, Next, Pod, Resources, Settings, Switch, Tmpfs
from flowport.compiler.ir.plan import Plan
from flowport.targets.stepfunctions import target
from plans import PATHS, flow, plan_of
from stepfunctions.emitted import PROFILE, documents

END = ("end", End())
ROLE = "arn:aws:iam::123456789012:role/flows"
FARGATE = {"platform": "FARGATE", "execution_role": ROLE}
MODEL = botocore.session.get_session().get_service_model("batch")


def one(job: BatchJob | None = None, resources: Resources | None = None, **spec: Any) -> Plan:
    return flow(("start", End(), Settings(resources=resources, execution=ExecutionSpec(job=job or BatchJob(), **spec))))


def said(plan: Plan, **profile: Any) -> tuple[Diagnostic, ...]:
    return problems_of(target, plan, {**PROFILE, **profile})


def definition(plan: Plan, **profile: Any) -> Any:
    found = documents(plan, **profile)["job-definitions.json"][0]
    check(found)
    return found


def check(document: Any) -> None:
    report = ParamValidator().validate(document, MODEL.operation_model("RegisterJobDefinition").input_shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (BatchJob(image="own:1"), {"image": "own:1"}),
        (BatchJob(iam_role=ROLE), {"jobRoleArn": ROLE}),
        (BatchJob(execution_role=ROLE), {"executionRoleArn": ROLE}),
        (BatchJob(max_swap=0, swappiness=0), {"linuxParameters": {"maxSwap": 0, "swappiness": 0}}),
        (
            BatchJob(tmpfs=Tmpfs(64, "/m", tempdir=False)),
            {
                "linuxParameters": {"tmpfs": [{"containerPath": "/m", "size": 64, "mountOptions": ["defaults"]}]},
                "environment": [{"name": "FLOWPORT_TEMPDIR", "value": "/m"}],
            },
        ),
        (
            BatchJob(inferentia=1, efa=1),
            {
                "linuxParameters": {
                    "devices": [
                        {"hostPath": "/dev/neuron0", "containerPath": "/dev/neuron0", "permissions": ["READ", "WRITE"]},
                        {"hostPath": "/dev/infiniband/uverbs0"},
                    ]
                }
            },
        ),
        (BatchJob(privileged=True), {"privileged": True}),
        (BatchJob(log_driver="awslogs"), {"logConfiguration": {"logDriver": "awslogs"}}),
        (
            BatchJob(log_driver="awslogs", log_options=(("awslogs-group", "g"),)),
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}},
        ),
        (
            BatchJob(host_volumes=(("/a/b.c", "/d"),)),
            {
                "volumes": [{"name": "a_b_c", "host": {"sourcePath": "/a/b.c"}}],
                "mountPoints": [{"sourceVolume": "a_b_c", "containerPath": "/d"}],
            },
        ),
        (
            BatchJob(efs_volumes=(("fs-01234567", "/d"),)),
            {
                "volumes": [
                    {
                        "name": "efs_fs-01234567",
                        "efsVolumeConfiguration": {"fileSystemId": "fs-01234567", "transitEncryption": "ENABLED"},
                    }
                ],
                "mountPoints": [{"sourceVolume": "efs_fs-01234567", "containerPath": "/d"}],
            },
        ),
    ],
)
def test_each_argument_has_its_place(job: BatchJob, expected: dict[str, Any]) -> None:
    plain, own = definition(one())["containerProperties"], definition(one(job))["containerProperties"]
    assert said(one(job)) == ()
    assert {name: value for name, value in own.items() if value != plain.get(name)} == expected


def test_a_folder_in_memory_has_half_the_memory_and_the_temporary_files() -> None:
    made = definition(one(BatchJob(tmpfs=Tmpfs()), Resources(memory=3001)))["containerProperties"]
    assert made["linuxParameters"]["tmpfs"] == [{"containerPath": "/metaflow_temp", "size": 1500, "mountOptions": ["defaults"]}]
    assert made["environment"] == [{"name": "METAFLOW_TEMPDIR", "value": "/metaflow_temp"}]


def test_a_variable_that_the_step_sets_stays() -> None:
    settings = Settings(environment=(("METAFLOW_TEMPDIR", "/mine"),), execution=ExecutionSpec(job=BatchJob(tmpfs=Tmpfs())))
    made = definition(flow(("start", End(), settings)))["containerProperties"]
    assert made["environment"] == [{"name": "METAFLOW_TEMPDIR", "value": "/mine"}]


def test_a_queue_is_the_one_of_the_step_and_the_policy_allows_it() -> None:
    arn = "arn:aws:batch:eu-central-1:123456789012:job-queue/other"
    plan = flow(
        ("start", Next("a"), Settings(execution=ExecutionSpec(job=BatchJob(queue="gpu")))),
        ("a", Next("end"), Settings(execution=ExecutionSpec(job=BatchJob(queue=arn)))),
        END,
    )
    made = documents(plan)
    states = made["state-machine.json"]["States"]
    assert [states[name]["Parameters"]["JobQueue"] for name in ("start", "a", "end")] == ["gpu", arn, "my-queue"]
    allowed = next(each for each in made["machine-policy.json"]["Statement"] if each["Sid"] == "SubmitItsJobs")["Resource"]
    queues = [each.rpartition("/")[2] for each in allowed if ":job-queue/" in each]
    assert queues == ["gpu", "other", "my-queue"]


def test_tags_of_a_step_stand_over_those_of_the_profile_and_need_a_permission() -> None:
    plan = flow(("start", Next("end"), Settings(execution=ExecutionSpec(job=BatchJob(aws_batch_tags=(("team", "b"),))))), END)
    first, second = documents(plan, tags={"team": "a", "x": 1})["job-definitions.json"]
    assert (first["tags"], second["tags"]) == ({"team": "b", "x": "1"}, {"team": "a", "x": "1"})
    assert first["propagateTags"]
    alone = documents(plan)
    assert "tags" not in alone["job-definitions.json"][1]
    assert "TagItsJobs" in [each["Sid"] for each in alone["machine-policy.json"]["Statement"]]


def test_the_image_and_the_memory_of_kubernetes_count_where_batch_has_none() -> None:
    made = definition(one(image="pod:1", tmpfs=Tmpfs(8)))["containerProperties"]
    assert made["image"] == "pod:1"
    assert made["linuxParameters"]["tmpfs"][0]["size"] == 8
    both = definition(one(BatchJob(image="job:1"), image="pod:1"))["containerProperties"]
    assert both["image"] == "job:1"


def test_what_a_pod_has_and_a_job_does_not_is_one_warning() -> None:
    (found,) = said(one(pod=Pod(labels=(("a", "b"),), port=80), image="pod:1"))
    assert (found.code, found.severity) == ("FP306", "warning")
    assert found.message == "step `start` uses @kubernetes(labels=..., port=...), which target stepfunctions does not support"


def test_a_step_with_both_decorators_is_not_warned_of_the_other_one() -> None:
    assert said(one(BatchJob(queue="gpu"), pod=Pod(labels=(("a", "b"),), port=80))) == ()


@pytest.mark.parametrize(
    ("job", "severity", "note"),
    [
        (BatchJob(tmpfs=Tmpfs()), "error", "Fargate has no folders in memory"),
        (BatchJob(privileged=True), "error", "Fargate has no privileged containers"),
        (BatchJob(host_volumes=(("/a", "/a"),)), "error", "on Fargate there is no instance whose folders could be mounted"),
        (BatchJob(efa=1, inferentia=1), "error", "Fargate has no devices for a container"),
        (BatchJob(max_swap=1, swappiness=1), "warning", "Fargate does not swap"),
    ],
)
def test_what_fargate_lacks_is_said(job: BatchJob, severity: str, note: str) -> None:
    (found,) = said(one(job), **FARGATE)
    assert (found.code, found.severity, found.notes) == ("FP309", severity, (note,))
    assert 'set platform = "EC2"' in found.help[0]


def test_fargate_has_its_own_places() -> None:
    job = BatchJob(image="own:1", max_swap=1, efs_volumes=(("fs-01234567", "/d"),), log_driver="splunk")
    made = definition(one(job, Resources(disk=30 * 1024)), **FARGATE)["containerProperties"]
    assert "linuxParameters" not in made
    assert made["ephemeralStorage"] == {"sizeInGiB": 30}
    assert made["mountPoints"] == [{"sourceVolume": "efs_fs-01234567", "containerPath": "/d"}]


def test_fargate_needs_an_execution_role_of_every_step_or_of_the_profile() -> None:
    assert said(one(BatchJob(execution_role=ROLE)), platform="FARGATE") == ()
    assert [found.code for found in said(one(BatchJob(iam_role=ROLE)), platform="FARGATE")] == ["FP404"]


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (BatchJob(image="a b"), "the image `a b` of step `start` is not the name of an image"),
        (BatchJob(queue="a queue"), "the queue `a queue` of step `start` is not the name or the ARN of a job queue"),
        (
            BatchJob(iam_role="flows"),
            "the iam_role `flows` of step `start` is not the ARN of a role, such as `arn:aws:iam::123456789012:role/name`",
        ),
        (
            BatchJob(execution_role="flows"),
            "the execution_role `flows` of step `start` is not the ARN of a role, such as `arn:aws:iam::123456789012:role/name`",
        ),
        (BatchJob(log_driver="awslog"), "the log driver `awslog` of step `start` is none that containers on EC2 have"),
        (BatchJob(log_options=(("a", "b"),)), "the log option `a` of step `start` has no log driver that reads it"),
        (BatchJob(aws_batch_tags=(("aws:team", "x"),)), "the tag `aws:team=x` of step `start` is not a tag of AWS"),
        (BatchJob(aws_batch_tags=(("team", "a&b"),)), "the tag `team=a&b` of step `start` is not a tag of AWS"),
        (BatchJob(host_volumes=(("data", "/data"),)), "the host volume `data:/data` of step `start` is not an absolute path"),
        (BatchJob(efs_volumes=(("efs", "/data"),)), "the EFS volume `efs:/data` of step `start` is not a file system with a path"),
        (BatchJob(host_volumes=(("/a", "/x"), ("/b", "/x"))), "the folder `/x` of step `start` is that of two volumes"),
        (BatchJob(tmpfs=Tmpfs(path="/x"), host_volumes=(("/a", "/x"),)), "the folder `/x` of step `start` is that of two volumes"),
        (BatchJob(host_volumes=(("/a.b", "/x"), ("/a_b", "/y"))), "the name `a_b` of step `start` is that of two volumes"),
    ],
)
def test_what_aws_would_refuse_is_refused(job: BatchJob, message: str) -> None:
    (found,) = said(one(job))
    assert (found.code, found.severity, found.message) == ("FP405", "error", message)
    assert found.help


def test_a_log_driver_that_only_ec2_has_is_refused_on_fargate() -> None:
    assert said(one(BatchJob(log_driver="journald"))) == ()
    (found,) = said(one(BatchJob(log_driver="journald")), **FARGATE)
    assert found.message == "the log driver `journald` of step `start` is none that containers on FARGATE have"


def loop(first: Settings, second: Settings) -> Plan:
    turns = Switch("more", (Case(True, "one"), Case(False, "end")))
    return flow(("start", Next("one")), ("one", Next("two"), first), ("two", turns, second), END)


def test_a_loop_whose_steps_need_different_jobs_is_warned_of() -> None:
    own, plain = Settings(execution=ExecutionSpec(job=BatchJob(image="own:1"))), Settings()
    (found,) = said(loop(own, plain), turns=5)
    assert (found.code, found.severity) == ("FP419", "warning")
    assert found.message.startswith("after 5 turns one job runs what is left of the loop of `one`, and its steps `one` and `two` need")
    assert [(each.code, each.severity) for each in said(loop(own, plain), turns=0)] == [("FP419", "error")]
    assert said(loop(own, own), turns=5) == ()


def test_steps_of_a_loop_may_differ_in_what_no_job_has() -> None:
    labels = Settings(execution=ExecutionSpec(pod=Pod(labels=(("a", "b"),))))
    assert {found.code for found in said(loop(labels, Settings()), turns=5)} == {"FP306"}


def test_the_steps_of_a_foreach_have_jobs_of_their_own() -> None:
    own = Settings(execution=ExecutionSpec(job=BatchJob(image="own:1")))
    plan = flow(("start", Foreach("each", "xs")), ("each", Next("join"), own), ("join", Next("end"), "join"), END)
    images = {
        each["jobDefinitionName"].split("-")[1]: each["containerProperties"]["image"] for each in documents(plan)["job-definitions.json"]
    }
    assert images == {"start": "my-image:1", "each": "own:1", "join": "my-image:1", "end": "my-image:1"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_model_of_aws_knows_every_job_definition(path: Any) -> None:
    for document in documents(plan_of(path))["job-definitions.json"]:
        check(document)


def test_a_job_definition_that_aws_does_not_know_is_noticed() -> None:
    """A canary for the test above."""
    document = {**definition(one()), "type": 1}
    with pytest.raises(AssertionError):
        check(document)
