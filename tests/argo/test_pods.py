"""Where each argument of `@kubernetes` stands in the template of a pod, and what Kubernetes would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hera.workflows.models import WorkflowTemplate

from argo.checks import problems
from argo.emitted import document, said
from argo.podspecs import pod_problems
from flowport.compiler.ir import BatchJob, Case, End, ExecutionSpec, Next, Pod, Resources, Settings, Switch, Tmpfs
from flowport.compiler.ir.plan import Plan
from flowport.targets.argo.engine.fields import unknown
from plans import flow


def one(resources: Resources | None = None, **spec: Any) -> Plan:
    return flow(("start", End(), Settings(resources=resources, execution=ExecutionSpec(**spec))))


def template(plan: Plan, **profile: Any) -> Any:
    """The template of the only pod, once everybody who knows has been asked."""
    made = document(plan, **profile)
    assert problems(made) == []
    assert pod_problems(made) == []
    assert list(unknown(made)) == []
    WorkflowTemplate.model_validate(made)
    return made["spec"]["templates"][1]


def container(plan: Plan, **profile: Any) -> Any:
    return template(plan, **profile)["container"]


def test_metadata_of_a_pod() -> None:
    made = template(one(pod=Pod(labels=(("team", "a"),), annotations=(("x.y/z", "any text"),))))
    assert made["metadata"] == {"labels": {"team": "a"}, "annotations": {"x.y/z": "any text"}}


def test_how_the_image_is_pulled() -> None:
    made = template(one(image="own:1", pod=Pod(image_pull_policy="Never", image_pull_secrets=("a", "b"))), image_pull_policy="Always")
    assert (made["container"]["image"], made["container"]["imagePullPolicy"]) == ("own:1", "Never")
    assert made["podSpecPatch"] == '{"imagePullSecrets": [{"name": "a"}, {"name": "b"}]}'


def test_a_port() -> None:
    assert container(one(pod=Pod(port=8080)))["ports"] == [{"containerPort": 8080}]


def test_sizes_of_a_guaranteed_pod_with_extended_resources() -> None:
    made = container(one(Resources(2, 512, 1), pod=Pod(guaranteed=True, gpu_vendor="amd", extended_resources=(("a.b/c", "2"),))))
    assert made["resources"] == {
        "requests": {"cpu": "2", "memory": "512Mi", "a.b/c": "2"},
        "limits": {"cpu": "2", "memory": "512Mi", "amd.com/gpu": "1", "a.b/c": "2"},
    }


def test_the_gpus_of_a_step_are_those_of_nvidia_unless_it_says_otherwise() -> None:
    assert container(one(Resources(gpu=2)))["resources"]["limits"]["nvidia.com/gpu"] == "2"


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ((), {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}),
        (
            (("run_as_group", 7), ("run_as_user", 5)),
            {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsGroup": 7, "runAsUser": 5},
        ),
        ((("privileged", True),), {"privileged": True}),
        (
            (("allow_privilege_escalation", True), ("run_as_user", 0)),
            {"allowPrivilegeEscalation": True, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": False, "runAsUser": 0},
        ),
    ],
)
def test_the_rights_of_a_container(security: Any, expected: dict[str, Any]) -> None:
    assert container(one(pod=Pod(security_context=security)))["securityContext"] == expected


def test_a_folder_in_memory_has_half_the_memory_and_the_temporary_files() -> None:
    made = template(one(Resources(memory=1001), tmpfs=Tmpfs()))
    assert made["volumes"] == [{"name": "tmpfs", "emptyDir": {"medium": "Memory", "sizeLimit": "500Mi"}}]
    assert made["container"]["volumeMounts"] == [{"name": "tmpfs", "mountPath": "/metaflow_temp"}]
    assert {"name": "METAFLOW_TEMPDIR", "value": "/metaflow_temp"} in made["container"]["env"]
    other = template(one(tmpfs=Tmpfs(7, "/x", tempdir=False)))
    assert other["volumes"][0]["emptyDir"]["sizeLimit"] == "7Mi"
    assert "METAFLOW_TEMPDIR" not in [each["name"] for each in other["container"]["env"]]
    assert {"name": "FLOWPORT_TEMPDIR", "value": "/x"} in other["container"]["env"]


def test_the_image_and_the_memory_of_batch_count_where_kubernetes_has_none() -> None:
    made = template(one(job=BatchJob(image="job:1", tmpfs=Tmpfs(9))))
    assert made["container"]["image"] == "job:1"
    assert made["volumes"][0]["emptyDir"]["sizeLimit"] == "9Mi"
    assert container(one(image="pod:1", job=BatchJob(image="job:1")))["image"] == "pod:1"


def test_what_a_job_has_and_a_pod_does_not_is_one_warning() -> None:
    (found,) = said(one(job=BatchJob(queue="gpu", efa=1, image="job:1")))
    assert (found.code, found.severity) == ("FP306", "warning")
    assert found.message == "step `start` uses @batch(queue=..., efa=...), which target argo does not support"
    assert said(one(job=BatchJob(queue="gpu", efa=1), pod=Pod(labels=(("a", "b"),)))) == ()


def test_pods_of_a_workflow_are_in_its_namespace() -> None:
    (found,) = said(one(pod=Pod(namespace="other")))
    assert (found.code, found.severity, found.notes) == ("FP306", "warning", ("all pods of a workflow are in its namespace",))


def test_steps_of_a_loop_may_differ_in_what_no_pod_has() -> None:
    turns = Switch("more", (Case(True, "one"), Case(False, "end")))
    queue = Settings(execution=ExecutionSpec(job=BatchJob(queue="gpu")))
    plan = flow(("start", Next("one")), ("one", Next("two"), queue), ("two", turns), ("end", End()))
    assert {found.code for found in said(plan, turns=0)} == {"FP306"}


@pytest.mark.parametrize(
    ("pod", "message"),
    [
        (Pod(annotations=(("a b", "x"),)), "`a b` of step `start` cannot be the name of an annotation of Kubernetes"),
        (
            Pod(annotations=(("a", "{{x}}"),)),
            "the annotation `a` of step `start` has `{{`, and Argo evaluates what stands in double braces",
        ),
        (Pod(image_pull_policy="always"), "`image_pull_policy` of step `start` is `always`"),
        (Pod(image_pull_secrets=("A_b",)), "`A_b` of step `start` cannot be the name of an object of Kubernetes"),
        (Pod(port=70_000), "`port` of step `start` is 70000, and the largest port is 65535"),
        (Pod(extended_resources=(("fpga", "1"),)), "`fpga: 1` of step `start` is not an extended resource of Kubernetes"),
        (Pod(extended_resources=(("a.b/c", "1.5"),)), "`a.b/c: 1.5` of step `start` is not an extended resource of Kubernetes"),
        (
            Pod(extended_resources=(("x.kubernetes.io/c", "1"),)),
            "`x.kubernetes.io/c: 1` of step `start` is not an extended resource of Kubernetes",
        ),
        (
            Pod(security_context=(("run_as_non_root", True), ("run_as_user", 0))),
            "`security_context` of step `start` has user 0, who is root, and `run_as_non_root`",
        ),
        (
            Pod(security_context=(("allow_privilege_escalation", False), ("privileged", True))),
            "`security_context` of step `start` is privileged and does not allow to become so",
        ),
        (Pod(security_context=(("run_as_user", -1),)), "`run_as_user` of step `start` is -1, which is not the id of a user or a group"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused(pod: Pod, message: str) -> None:
    (found,) = said(one(pod=pod))
    assert (found.code, found.severity, found.message) == ("FP405", "error", message)
    assert found.help


def test_a_toleration_is_shown_as_python_has_it() -> None:
    (found,) = said(one(pod=Pod(tolerations=((("kay", "x"),),))))
    assert (found.message, found.help) == (
        "`{'kay': 'x'}` of step `start` is not a toleration of Kubernetes",
        ('write it as `{"key": "batch", "operator": "Exists"}`',),
    )


def test_two_volumes_at_one_place_are_refused() -> None:
    (found,) = said(one(tmpfs=Tmpfs(path="/models"), pod=Pod(volumes=(("models", "/models"),))))
    assert (found.code, found.message) == ("FP405", "two volumes of step `start` have the folder `/models`")


def test_a_namespace_that_kubernetes_would_refuse_is_refused_beside_the_warning() -> None:
    found = said(one(pod=Pod(namespace="A_b")))
    assert [(each.code, each.severity) for each in found] == [("FP306", "warning"), ("FP405", "error")]
