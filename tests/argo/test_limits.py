"""Settings that are missing or wrong, names, sizes, and what Argo cannot do; each with what to write."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from argo.emitted import said, tasks, templates
from compiled import problems_of
from flowport.compiler.ir import Branch, Case, End, ExecutionSpec, Foreach, Next, Parameter, Pod, Resources, Retry, Settings, Switch
from flowport.compiler.ir.plan import Plan
from flowport.targets.argo import target
from flowport.targets.argo.graph import graph
from flowport.targets.argo.names import Names
from flowport.targets.argo.settings import Settings as ArgoSettings
from flowport.targets.argo.workflow import sizes
from plans import flow

END = ("end", End())


def one(**more: Any) -> Plan:
    return flow(("start", End()), **more)


def test_a_setting_that_is_missing_is_named_with_what_to_write() -> None:
    found = problems_of(target, one(), {})
    assert [problem.code for problem in found] == ["FP400", "FP400"]
    assert 'write `store = "s3://my-bucket/flowport"` under [argo]' in found[0].help[0]
    assert "write `image = " in found[1].help[0]


def test_what_a_dry_run_assumes_is_enough() -> None:
    assert problems_of(target, one(), target.dry_run_defaults) == ()


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"store": "/mnt/flows"}, "FP401"),
        ({"store": "ftp://x"}, "FP401"),
        ({"width": 0}, "FP402"),
        ({"max_concurrency": "many"}, "FP402"),
        ({"run_as_user": True}, "FP402"),
        ({"name": "My_Flow"}, "FP405"),
        ({"name": "x" * 64}, "FP405"),
        ({"namespace": "-"}, "FP405"),
        ({"labels": ["a"]}, "FP490"),
        ({"volumes": "models"}, "FP490"),
        ({"volumes": [{"name": "models"}]}, "FP490"),
    ],
)
def test_a_setting_that_nobody_would_take_is_refused(profile: dict[str, Any], code: str) -> None:
    (found,) = said(one(), **profile)
    assert (found.code, found.severity) == (code, "error")
    assert found.help


def test_a_step_that_is_tried_again_has_no_timeout_for_its_start() -> None:
    again = Settings(retry=Retry(1, 0))
    plan = flow(("start", Next("a"), again), ("a", Next("b")), ("b", Next("end"), again), END)
    assert said(plan) == ()
    (found,) = said(plan, startup_timeout=60)
    assert (found.code, found.severity) == ("FP308", "warning")
    assert found.message == "`startup_timeout` does not hold for steps that are tried again: `start`, `b`"
    assert said(flow(("start", Next("end")), END), startup_timeout=60) == ()


def test_a_name_that_argo_refuses_is_mapped_and_shown() -> None:
    (found,) = said(flow(("start", Next("größe")), ("größe", Next("end")), END))
    assert (found.code, found.severity) == ("FP305", "warning")
    assert "step `größe` is task `gr-e-" in found.message


@pytest.mark.parametrize("word", ["contains", "endsWith", "false", "let", "matches", "nil", "startsWith", "true"])
def test_a_word_of_the_language_of_depends_is_no_name(word: str) -> None:
    assert f"{word}-step" in tasks(flow(("start", Next(word)), (word, Next("end")), END))


@pytest.mark.parametrize("name", ["_1", "_", "_1" + 125 * "a", "训练", "обучение", "größe", "ñ"])
def test_a_name_in_depends_is_never_read_as_a_number(name: str) -> None:
    made = tasks(flow(("start", Next(name)), (name, Next("end")), END))
    assert all(task[0].isalpha() and task.isascii() and len(task) <= 128 for task in made)
    assert len(made) == 3


def test_two_steps_that_map_to_one_name_are_told_apart() -> None:
    names = Names()
    assert names("a_b") == "a-b"
    assert names("a__b") != names("a_b")
    other = Names()
    assert len({other("let"), other("let_step"), other("a_"), other("_a"), other("a")}) == 5


def test_a_foreach_is_as_wide_as_a_workflow_can_hold() -> None:
    plan = flow(("start", Foreach("a", "xs")), ("a", Next("b")), ("b", Next("c")), ("c", Next("j")), ("j", Next("end"), "join"), END)
    assert sizes(graph(plan), {}, ArgoSettings({}, "f"), 3000) == (1000, 1000)
    assert sizes(graph(plan), {}, ArgoSettings({"width": 7}, "f"), 3000) == (7, 1000)


def fat(size: int) -> Plan:
    """A foreach of one step, with so many characters in variables of it."""
    long = Settings(environment=(("A", "x" * size),))
    return flow(("start", Foreach("a", "xs")), ("a", Next("j"), long), ("j", Next("end"), "join"), END)


def width(plan: Plan) -> int:
    split = templates(plan)["start"]["container"]["env"]
    return int(next(each["value"] for each in split if each["name"] == "FLOWPORT_WIDTH"))


def test_a_workflow_has_room_for_its_template_twice_and_for_a_node_of_each_pod() -> None:
    """Measured on the real controller: a template of 462 KB and 2,074 pods were too much, one of 540 KB alone was."""
    assert width(fat(0)) == 3000
    assert 300 < width(fat(460_000)) < 460
    assert [found.code for found in said(fat(460_000))] == []
    assert [(found.code, found.severity) for found in said(fat(540_000))] == [("FP410", "error")]
    assert [(found.code, found.severity) for found in said(fat(460_000), width=2500)] == [("FP410", "warning")]


def test_a_foreach_in_a_loop_in_a_loop_is_a_warning() -> None:
    inner = (
        ("again", Foreach("one", "xs")),
        ("one", Next("j")),
        ("j", Switch("more", (Case("yes", "again"), Case("no", "last"))), "join"),
    )
    assert said(flow(("start", Next("again")), *inner, ("last", Next("end")), END)) == ()
    plan = flow(
        ("start", Next("outer")), ("outer", Next("again")), *inner, ("last", Switch("more", (Case(1, "outer"), Case(2, "end")))), END
    )
    assert [(found.code, found.severity) for found in said(plan)] == [("FP304", "warning")]
    turns = [found.code for found in said(flow(("start", Next("again")), *inner, ("last", Next("end")), END), turns=0)]
    assert turns == ["FP304"]


def test_parameters_have_names_that_argo_takes() -> None:
    assert [found.code for found in said(one(parameters=(Parameter("origin_run", "origin_run", "str"),)))] == ["FP416"]
    assert [found.code for found in said(one(parameters=(Parameter("size", "größe", "str"),)))] == ["FP417"]
    assert [found.code for found in said(one(parameters=(Parameter("json", "json", "str"),)))] == ["FP416"]


def test_what_is_too_large_is_refused() -> None:
    names = [f"step{number}" for number in range(201)]
    wide = flow(("start", Branch(tuple(names))), *((name, Next("join")) for name in names), ("join", Next("end"), "join"), END)
    assert [found.message for found in said(wide)] == ["a DAG of Small has 204 tasks, and Argo allows 200"]
    odd = [
        (name, Next(after), Settings(resources=Resources(memory=100 + number)))
        for number, (name, after) in enumerate(zip(names, [*names[1:], "end"]))
    ]
    assert {found.code for found in said(flow(*odd, END))} == {"FP418"}
    many = tuple(Parameter(f"p{number}", f"p{number}", "str") for number in range(497))
    assert [found.code for found in said(one(parameters=many[1:]))] == []
    assert [found.code for found in said(one(parameters=many))] == ["FP418"]
    long = [(name, next, Settings(environment=(("A", f"{name}{'x' * 20_000}"),))) for name, next, _ in odd[:60]]
    assert [found.code for found in said(flow(*long[:-1], ("step59", End())))] == ["FP410"]


def test_a_loop_in_one_pod_has_one_kind_of_pod() -> None:
    other = Settings(execution=ExecutionSpec(image="other:2"))
    loop = (("one", Next("two"), other), ("two", Switch("more", (Case(True, "one"), Case(False, "end")))))
    plan = flow(("start", Next("one")), *loop, END)
    assert [(found.code, found.severity) for found in said(plan)] == [("FP419", "warning")]
    assert [(found.code, found.severity) for found in said(plan, turns=0)] == [("FP419", "error")]


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("note", "note", "str", default="{{= (}}"),
        Parameter("note", "note", "str", default="x", choices=("x", "{{= (}}")),
        Parameter("note", "note", "list", default=["{{= (}}"]),
        Parameter("note", "note", "json", default={"a": "{{= (}}"}),
    ],
)
def test_what_argo_may_not_be_able_to_read_is_a_warning(parameter: Parameter) -> None:
    assert [(found.code, found.severity) for found in said(one(parameters=(parameter,)))] == [("FP420", "warning")]


def test_braces_that_mean_nothing_to_argo_need_no_warning() -> None:
    assert said(one(parameters=(Parameter("note", "note", "str", default="{{x}}", help="as in {{= (}}"),))) == ()


def test_parameters_reach_the_first_pod_in_one_variable() -> None:
    assert said(one(parameters=(Parameter("note", "note", "str", default="x" * 90_000),))) == ()
    assert [found.code for found in said(one(parameters=(Parameter("note", "note", "str", default="x" * 99_000),)))] == ["FP413"]


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"labels": {"team name": "vision"}}, "FP405"),
        ({"labels": {"team": 1}}, "FP405"),
        ({"node_selector": {"pool": "a b"}}, "FP405"),
        ({"labels": {"-": "x"}}, "FP405"),
        ({"labels": {"flowport/flow": "other"}}, "FP405"),
        ({"labels": {"workflows.argoproj.io/workflow": "x"}}, "FP405"),
        ({"image": " flows:1"}, "FP405"),
        ({"image": "Flows:1"}, "FP405"),
        ({"annotations": {"x/y": "{{= (}}"}}, "FP490"),
        ({"store": "s3://"}, "FP401"),
        ({"store": "/a/b", "volumes": [{"name": "a", "mountPath": "/a", "emptyDir": {}}]}, "FP401"),
        ({"store": "/a", "volumes": [{"name": "a", "mountPath": "/a", "hostPath": {"path": "/b"}, "readOnly": True}]}, "FP401"),
        ({"store": "s3://b ucket/x"}, "FP401"),
        ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "FP405"),
        ({"tolerations": [{"key": "a", "value": "no label!"}]}, "FP405"),
        ({"security_context": {"fsGroup": "1000"}}, "FP405"),
        ({"security_context": {"readOnlyRootFilesystem": True}}, "FP405"),
        ({"volumes": [{"name": "a", "mountPath": "/a", "persistantVolumeClaim": {"claimName": "a"}}]}, "FP490"),
        ({"volumes": [{"name": "a", "mountPath": "/a", "emptyDir": {}, "readOnly": "true"}]}, "FP490"),
        ({"volumes": [{"name": "a", "mountPath": "/a", "emptyDir": {}, "secret": {"secretName": "a"}}]}, "FP490"),
        ({"volumes": [{"name": "var-run-argo", "mountPath": "/a", "emptyDir": {}}]}, "FP490"),
        ({"secret_files": {"tls": "/var/run/argo"}}, "FP490"),
        ({"secret_files": {"tls": "//tmp"}}, "FP490"),
        ({"secrets": ["A_B"]}, "FP405"),
        ({"service_account": "S_a"}, "FP405"),
        ({"priority_class": "High"}, "FP405"),
        ({"secret_files": {"tls": "secrets"}}, "FP490"),
        ({"volumes": [{"name": "Store_", "mountPath": "/a"}]}, "FP490"),
        ({"volumes": [{"name": "store", "mountPath": "relative", "emptyDir": {}}]}, "FP490"),
        ({"annotations": {"sidecar.istio.io/inject": False}}, "FP405"),
        ({"annotations": {"a b": "x"}}, "FP405"),
        ({"annotations": {"day": datetime.date(2026, 1, 1)}}, "FP490"),
        ({"security_context": {"fsGroup": float("inf")}}, "FP490"),
        ({"security_context": {"runAsUser": 0}}, "FP405"),
        ({"tolerations": [{"key": "batch", "operator": "exists"}]}, "FP405"),
        ({"tolerations": [{"key": True}]}, "FP405"),
        ({"tolerations": [{}]}, "FP405"),
        ({"tolerations": [{"key": "batch", "seconds": 1}]}, "FP405"),
        ({"tolerations": [{"key": "batch", "tolerationSeconds": 60}]}, "FP405"),
        ({"tolerations": [{"key": datetime.time(10)}]}, "FP490"),
        ({"secret_files": {"tls": "/tmp"}}, "FP490"),
        ({"volumes": [{"name": "scratch", "mountPath": "/tmp/", "persistentVolumeClaim": {"claimName": "a"}}]}, "FP490"),
        ({"volumes": [{"name": "all", "mountPath": "/a", "emptyDir": {}}, {"name": "all", "mountPath": "/b", "emptyDir": {}}]}, "FP490"),
        ({"labels": []}, "FP490"),
        ({"tolerations": ["batch"]}, "FP490"),
        ({"secrets": [1]}, "FP490"),
        ({"secret_files": {"tls": 1}}, "FP490"),
        ({"volumes": [{"name": "models"}]}, "FP490"),
        ({"volumes": [{"name": "a", "mountPath": "/a", "emptyDir": {}}, {"name": "b", "mountPath": "/a/", "emptyDir": {}}]}, "FP490"),
        ({"volumes": [{"name": "a", "mountPath": "/a", "emptyDir": {}}, {"name": "b", "mountPath": "//a", "emptyDir": {}}]}, "FP490"),
        ({"keep_days": 24_856}, "FP402"),
        ({"turns": 51}, "FP402"),
        ({"turns": -1}, "FP402"),
        ({"width": True}, "FP402"),
        ({"pod_gc": "Always"}, "FP403"),
        ({"image_pull_policy": "always"}, "FP403"),
        ({"store": "/models-too/store", "volumes": [{"name": "models", "mountPath": "/models", "emptyDir": {}}]}, "FP401"),
    ],
)
def test_settings_that_kubernetes_or_argo_would_not_take(profile: dict[str, Any], code: str) -> None:
    assert {found.code for found in said(one(), **profile)} == {code}


def test_a_pod_keeps_its_own_folder_to_itself() -> None:
    claims = Settings(execution=ExecutionSpec(pod=Pod(volumes=(("scratch", "/tmp"),))))
    assert [found.code for found in said(flow(("start", Next("end"), claims), END))] == ["FP405"]
    assert said(one(), volumes=[{"name": "scratch", "mountPath": "/tmp", "emptyDir": {}}]) == ()


def test_a_variable_has_a_name_that_containers_take() -> None:
    for name, codes in (("größe", ["FP405"]), ("A\nB", ["FP405"]), ("1A", ["FP405"]), ("ARGO_NODE_ID", ["FP405"]), ("A.b-c", [])):
        plan = flow(("start", Next("end"), Settings(environment=((name, "x"),))), END)
        assert [found.code for found in said(plan)] == codes


@pytest.mark.parametrize(
    ("setting", "value", "written"),
    [
        ("concurrency_policy", "replace", '"Replace"'),
        ("image_pull_policy", "ifnotpresent", '"IfNotPresent"'),
        ("image_pull_policy", "sometimes", '"Always"'),
        ("max_concurrency", "50", "50"),
        ("max_concurrency", 99_999, "3000"),
        ("max_concurrency", True, "1"),
        ("secrets", "database", '["database"]'),
        ("image", 1, '"1"'),
    ],
)
def test_what_was_meant_is_written_out(setting: str, value: Any, written: str) -> None:
    assert said(one(), **{setting: value})[0].help == (f"write `{setting} = {written}` under [argo] in flowport.toml",)


def test_a_store_may_be_a_folder_that_every_pod_mounts() -> None:
    assert (
        said(
            one(), store="/models/store", volumes=[{"name": "models", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "a"}}]
        )
        == ()
    )


def test_a_volume_of_a_step_is_no_second_one() -> None:
    shared = Settings(resources=Resources(shared_memory=64), execution=ExecutionSpec(pod=Pod(volumes=(("models", "/models"),))))
    plan = flow(("start", Next("end"), shared), END)
    assert said(plan) == ()
    taken = [{"name": "models", "mountPath": "/dev/shm", "emptyDir": {}}]
    assert [found.message for found in said(plan, volumes=taken)] == [
        "two volumes of step `start` have the name `models`",
        "two volumes of step `start` have the folder `/dev/shm`",
    ]


@pytest.mark.parametrize(
    "asked",
    [
        ExecutionSpec(pod=Pod(labels=(("a b", "x"),))),
        ExecutionSpec(pod=Pod(labels=(("workflows.argoproj.io/workflow", "x"),))),
        ExecutionSpec(pod=Pod(node_selector=(("a", "x y"),))),
        ExecutionSpec(image="a b"),
        ExecutionSpec(pod=Pod(service_account="S_a")),
        ExecutionSpec(pod=Pod(secrets=("A_B",))),
        ExecutionSpec(pod=Pod(volumes=(("My_Claim", "/a"),))),
        ExecutionSpec(pod=Pod(volumes=(("", "/a"),))),
        ExecutionSpec(pod=Pod(tolerations=((("key", "a"), ("effect", "Never")),))),
    ],
)
def test_labels_and_names_of_a_step_are_those_of_kubernetes(asked: ExecutionSpec) -> None:
    assert [found.code for found in said(flow(("start", Next("end"), Settings(execution=asked)), END))] == ["FP405"]
