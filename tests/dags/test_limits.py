"""Settings that are missing or wrong, what a place for tasks cannot do, and names; each with what to write."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from compiled import problems_of
from dags.emitted import PROFILE, said, source
from flowport.compiler.ir import BatchJob, Case, End, ExecutionSpec, Foreach, Next, Parameter, Pod, Resources, Settings, Switch, Tmpfs
from flowport.compiler.ir.plan import Plan
from flowport.targets.airflow import target
from flowport.targets.airflow.arguments import COMMON, DURATIONS, FLOWPORT, FUNCTIONS, OBJECTS, OPERATORS, argument_problems
from flowport.targets.airflow.compute import COMPUTE
from plans import flow

END = ("end", End())
BATCH = {"compute": "batch", "job_queue": "q", "job_definition": "d"}
ECS = {"compute": "ecs", "cluster": "c", "task_definition": "t", "container": "m"}


def one(settings: Settings | None = None, **more: Any) -> Plan:
    return flow(("start", End(), settings or Settings()), **more)


def test_a_setting_that_is_missing_is_named_with_what_to_write() -> None:
    found = problems_of(target, one(), {})
    assert [problem.code for problem in found] == ["FP400", "FP400"]
    assert 'write `store = "s3://my-bucket/flowport"` under [airflow]' in found[0].help[0]
    assert "write `image = " in found[1].help[0]


@pytest.mark.parametrize(
    ("compute", "needed"),
    [
        ("docker", ["image"]),
        ("batch", ["job_queue", "job_definition"]),
        ("ecs", ["cluster", "task_definition", "container"]),
        ("local", []),
    ],
)
def test_each_place_for_tasks_needs_its_own(compute: str, needed: list[str]) -> None:
    found = problems_of(target, one(), {"store": "s3://b/p", "compute": compute})
    assert [problem.message.partition("`")[2].partition("`")[0] for problem in found] == needed


def test_what_a_dry_run_assumes_is_enough() -> None:
    assert problems_of(target, one(), target.dry_run_defaults) == ()


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"store": "ftp://x/y"}, "FP401"),
        ({"store": "/mnt/flows"}, "FP401"),
        ({"store": "gs://b/p", **BATCH}, "FP401"),
        ({"store": "flows", "compute": "local"}, "FP401"),
        ({"width": 0}, "FP402"),
        ({"width": "many"}, "FP402"),
        ({"total": True}, "FP402"),
        ({"max_concurrency": 0}, "FP402"),
        ({"compute": "abacus"}, "FP403"),
        ({"platform": "MAINFRAME", **ECS}, "FP403"),
        ({"dag_id": "my dag"}, "FP405"),
        ({"dag_id": "x" * 251}, "FP405"),
        ({"default_args": {"env_vars": {}}}, "FP406"),
        ({"default_args": {"execution_timeout": 30}}, "FP406"),
        ({"default_args": {"trigger_rule": "all_done"}}, "FP406"),
        ({"image": "has space"}, "FP405"),
        ({"priority_class": "Very High"}, "FP405"),
        ({"default_args": {"on_failure_callback": "x"}}, "FP406"),
        ({"default_args": {"volumes": [{"name": "models"}]}}, "FP406"),
        ({"default_args": {"task_group": "each"}}, "FP406"),
        ({"default_args": {"start_date": date(2026, 1, 31)}}, "FP406"),
        ({"default_args": "pool"}, "FP490"),
        ({"image": 3}, "FP490"),
        ({"owner": ["me"]}, "FP490"),
        ({"tags": ["x" * 101]}, "FP490"),
        ({"store": "rel/flows", "compute": "local"}, "FP401"),
        ({"store": "/", "compute": "local"}, "FP401"),
        ({"tags": "ml"}, "FP490"),
        ({"tags": [1]}, "FP490"),
    ],
)
def test_a_setting_that_nobody_would_take_is_refused(profile: dict[str, Any], code: str) -> None:
    (found,) = said(one(), **profile)
    assert (found.code, found.severity) == (code, "error")
    assert found.help


def test_a_callback_in_default_args_is_refused_with_the_reason_and_what_can_stand_there() -> None:
    (found,) = said(one(), default_args={"on_failure_callback": "x", "pool": "ml"})
    assert found.message == "`default_args` has `on_failure_callback`, which has to be Python code, and a setting is data"
    assert "`pool`" in found.notes[0]
    assert "`namespace`" in found.notes[0]


def test_what_default_args_may_hold_is_listed_once() -> None:
    first, second = said(one(), default_args={"on_failure_callback": "x", "sla": 5})
    assert first.notes
    assert not second.notes


@pytest.mark.parametrize(
    ("more", "name", "help"),
    [({}, "quue", "did you mean `queue`?"), ({"compute": "docker"}, "namespace", ""), (BATCH, "aws_con_id", "did you mean `aws_conn_id`?")],
)
def test_an_argument_that_no_task_takes_is_warned_of(more: dict[str, Any], name: str, help: str) -> None:
    (found,) = said(one(), **more, default_args={name: "x"})
    assert (found.code, found.severity) == ("FP406", "warning")
    assert help in found.help[0]


@pytest.mark.parametrize("compute", sorted(COMPUTE))
def test_what_default_args_may_hold_is_refused_nowhere(compute: str) -> None:
    known = (*COMMON, *OPERATORS[compute])
    assert not {*known} & {*FLOWPORT, *DURATIONS, *FUNCTIONS, *OBJECTS}
    assert list(argument_problems(dict.fromkeys(known, "x"), compute)) == []


@pytest.mark.parametrize("name", ["width", "total"])
def test_more_than_airflow_maps_over_by_itself_is_warned_of(name: str) -> None:
    (found,) = said(one(), **{name: 2000})
    assert (found.code, found.severity) == ("FP402", "warning")
    assert "core.max_map_length" in found.message


@pytest.mark.parametrize(
    ("profile", "resources", "codes"),
    [
        ({}, Resources(gpu=1, disk=10_000, shared_memory=64), []),
        ({"compute": "docker"}, Resources(gpu=1, disk=10_000, shared_memory=64), ["FP302"]),
        (BATCH, Resources(gpu=1, disk=10_000, shared_memory=64), ["FP302", "FP301"]),
        ({**BATCH, "platform": "FARGATE"}, Resources(gpu=1), ["FP300"]),
        ({**BATCH, "platform": "FARGATE"}, Resources(cpu=64), ["FP414"]),
        (ECS, Resources(gpu=1, disk=10_000, shared_memory=64), ["FP302", "FP301"]),
        ({**ECS, "platform": "FARGATE"}, Resources(disk=10_000), []),
        ({"compute": "local"}, Resources(), ["FP303"]),
    ],
)
def test_what_a_place_for_tasks_lacks_is_said(profile: dict[str, Any], resources: Resources, codes: list[str]) -> None:
    assert [problem.code for problem in said(one(Settings(resources=resources)), **profile)] == codes


@pytest.mark.parametrize(
    ("profile", "asked"),
    [
        ({}, "queue=..., iam_role=..., efa=..."),
        ({"compute": "docker"}, "queue=..., iam_role=..., efa=..."),
        (BATCH, "use_tmpfs=..., image=..., iam_role=..., efa=..."),
        (ECS, "use_tmpfs=..., image=..., queue=..., iam_role=..., efa=..."),
        ({"compute": "local"}, "use_tmpfs=..., image=..., queue=..., iam_role=..., efa=..."),
    ],
)
def test_what_of_batch_has_no_effect_is_one_warning(profile: dict[str, Any], asked: str) -> None:
    job = BatchJob(image="own:1", tmpfs=Tmpfs(), queue="q", iam_role="r", efa=1)
    (found,) = said(one(Settings(execution=ExecutionSpec(job=job))), **profile)
    assert (found.code, found.severity) == ("FP306", "warning")
    assert found.message == f"step `start` uses @batch({asked}), which target airflow does not support"


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (BatchJob(queue="a queue"), "the queue `a queue` of step `start` is not the name or the ARN of a job queue"),
        (BatchJob(aws_batch_tags=(("team", "{{ x }}"),)), "the tag `team={{ x }}` of step `start` is not a tag of AWS"),
    ],
)
def test_what_aws_would_refuse_of_a_step_is_refused(job: BatchJob, message: str) -> None:
    plan = one(Settings(execution=ExecutionSpec(job=job)))
    (found,) = said(plan, **BATCH)
    assert (found.code, found.severity, found.message) == ("FP405", "error", message)
    assert [other.code for other in said(plan)] == ["FP306"]


def test_an_annotation_that_airflow_would_render_is_refused() -> None:
    plan = one(Settings(execution=ExecutionSpec(pod=Pod(annotations=(("note", "{{ ds }}"),)))))
    (found,) = said(plan)
    assert (found.code, found.severity) == ("FP405", "error")
    assert found.message == "the annotation `note` of step `start` has braces that Airflow renders as a template"
    assert [other.code for other in said(plan, compute="docker")] == ["FP306"]


@pytest.mark.parametrize(
    ("profile", "first", "codes"),
    [
        (BATCH, BatchJob(queue="gpu"), ["FP419"]),
        ({"compute": "docker"}, BatchJob(image="own:1"), ["FP419"]),
        ({"compute": "docker"}, BatchJob(queue="gpu"), ["FP306"]),
        (ECS, BatchJob(image="own:1"), ["FP306"]),
    ],
)
def test_a_loop_runs_in_one_container_of_one_kind(profile: dict[str, Any], first: BatchJob, codes: list[str]) -> None:
    turns = Switch("s", (Case("more", "go"), Case("done", "end")))
    plan = flow(("start", Next("go")), ("go", Next("on"), Settings(execution=ExecutionSpec(job=first))), ("on", turns), END)
    assert [found.code for found in said(plan, **profile)] == codes


def test_a_foreach_in_a_loop_is_run_in_one_container_which_is_said() -> None:
    turns = Switch("s", (Case("more", "go"), Case("done", "end")))
    plan = flow(("start", Next("go")), ("go", Foreach("a", "xs")), ("a", Next("j")), ("j", turns, "join"), END)
    (found,) = said(plan)
    assert (found.code, found.severity) == ("FP304", "warning")
    assert "a DAG has no cycles" in found.notes[0]


def test_an_environment_that_is_larger_than_a_container_takes_is_refused() -> None:
    settings = Settings(environment=(("BIG", "x" * 9000),))
    assert [problem.code for problem in said(one(settings), **BATCH)] == ["FP413"]
    assert said(one(settings)) == ()


def test_defaults_that_no_task_can_be_handed_are_refused() -> None:
    long = one(parameters=(Parameter("note", "note", "str", default="x" * 9000),))
    assert said(long) == ()
    assert [problem.code for problem in said(long, **BATCH)] == ["FP413"]
    longer = one(parameters=tuple(Parameter(name, name, "str", default="x" * 50_000) for name in ("a", "b", "c")))
    assert [problem.code for problem in said(longer)] == ["FP413"]


def test_a_parameter_that_is_called_like_a_field_of_the_form_is_refused() -> None:
    (found,) = said(one(parameters=(Parameter("origin", "origin_run", "str"),)))
    assert found.code == "FP416"


def test_names_that_airflow_does_not_take_are_shown_with_what_becomes_of_them() -> None:
    plan = flow(("start", Next("größe")), ("größe", Next("end")), END, name="Wörter zählen")
    found = said(plan)
    assert [(problem.code, problem.severity) for problem in found] == [("FP305", "warning"), ("FP305", "warning")]
    assert "flow `Wörter zählen` is DAG `W-rter-z-hlen-" in found[0].message
    task = found[1].message.split("`")[3]
    assert f'step("{task}", name="größe"' in source(plan)
    assert len(said(plan, dag_id="words")) == 1, "an id that somebody chose is no surprise"


def test_the_profile_of_the_tests_has_nothing_wrong_with_it() -> None:
    assert said(one(), **PROFILE) == ()
