"""`flowport deploy --target argo`: the code in the store, the objects in the cluster, and nothing of anybody else's touched."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from argo.cluster import Cluster, status
from compiled import files_of
from desk import Desk, Ended
from flowport.cli import execute
from flowport.compiler.changes import Change, DeployError
from flowport.compiler.ir import End, Next, Schedule
from flowport.compiler.record import replace
from flowport.compiler.target import Deployment
from flowport.runtime.store.open import open_store
from flowport.targets.argo import target
from flowport.targets.argo.settings import Settings
from plans import NO_CODE, flow

FLOW = """
from flowport import FlowSpec, retry, step


class Small(FlowSpec):
    'A small flow 🎈.'

    @step
    def start(self):
        self.number = 1
        self.next(self.end)

    @retry(times=2)
    @step
    def end(self):
        pass
"""
SETTINGS = """
[argo]
image = "my-image:1"
store = "s3://{bucket}/flows"
"""
TEMPLATE, SCHEDULE = "workflowtemplates/small", "cronworkflows/small"
WITHOUT = "import sys; sys.modules['kubernetes'] = None; from flowport.cli import main; main()"
DEPLOY = ("deploy", "small.py", "--target", "argo")

SMALL = flow(("start", Next("end")), ("end", End()))

Deploy = Callable[..., Ended]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    made = Cluster()
    made.kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def desk(tmp_path: Path, bucket: str) -> Desk:
    desk = Desk(tmp_path)
    desk.write("small.py", FLOW)
    desk.write("flowport.toml", SETTINGS.format(bucket=bucket))
    return desk


@pytest.fixture
def deploy(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Deploy:
    """The command in this process, where the client of Kubernetes is imported once."""

    def run(*words: str) -> Ended:
        status = execute(["deploy", str(desk.folder / "small.py"), "--target", "argo", *words])
        said = capsys.readouterr()
        return Ended(status, desk.plain(said.out), desk.plain(said.err))

    return run


@pytest.fixture
def code(bucket: str) -> Any:
    """The code packages in the store."""
    return lambda: open_store(f"s3://{bucket}/flows").names("code/")


def schedule(flow: str = "Small") -> dict[str, Any]:
    """A CronWorkflow, as a flow with a schedule has it."""
    about = {
        "name": "small",
        "labels": {"app.kubernetes.io/managed-by": "flowport", "flowport/flow": "small"},
        "annotations": {"workflows.argoproj.io/title": flow},
    }
    return {"metadata": about, "spec": {"schedules": ["0 6 * * *"]}}


def test_a_flow_is_deployed_once(desk: Desk, deploy: Deploy, cluster: Cluster, bucket: str, code: Any) -> None:
    first = deploy()
    assert (first.status, first.err) == (0, "")
    objects = f"version 1 of {TEMPLATE} in namespace flows is new\n{TEMPLATE} in namespace flows is new\n"
    assert first.out == f"s3://{bucket}/flows/code/DIGEST.zip is new\n{objects}"
    made = cluster.show(TEMPLATE)
    assert made["spec"]["entrypoint"] == "main"
    digest = code()[0].removeprefix("code/").removesuffix(".zip")
    assert {"name": "FLOWPORT_CODE", "value": digest} in made["spec"]["templateDefaults"]["container"]["env"]
    again = deploy()
    assert (again.status, again.out) == (0, f"{TEMPLATE} in namespace flows is unchanged\n")
    assert cluster.show(TEMPLATE) == made
    desk.write("flowport.toml", (desk.folder / "flowport.toml").read_text() + "max_concurrency = 5\n")
    said = deploy().out
    assert said == f"version 2 of {TEMPLATE} in namespace flows is new\n{TEMPLATE} in namespace flows is changed\n"
    assert cluster.show(TEMPLATE)["spec"]["parallelism"] == 5


def test_a_setting_that_is_gone_is_taken_away(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    settings = (desk.folder / "flowport.toml").read_text()
    desk.write("flowport.toml", settings + "max_concurrency = 5\n")
    assert deploy().status == 0
    desk.write("flowport.toml", settings)
    said = deploy().out
    assert said == f"version 2 of {TEMPLATE} in namespace flows is new\n{TEMPLATE} in namespace flows is changed\n"
    assert "parallelism" not in cluster.show(TEMPLATE)["spec"]


def test_what_would_change_is_shown_and_nothing_changes(desk: Desk, deploy: Deploy, cluster: Cluster, code: Any) -> None:
    shown = deploy("--diff")
    assert (shown.status, shown.err) == (1, "")
    version = "version 1 of workflowtemplates/small in namespace flows would be new\n"
    assert f"DIGEST.zip would be new\n{version}workflowtemplates/small in namespace flows would be new\n" in shown.out
    assert "--- workflowtemplates/small\n+++ workflowtemplates/small (compiled)\n" in shown.out
    assert "+  entrypoint: main\n" in shown.out
    assert (cluster.objects, code()) == ({}, [])
    assert deploy().status == 0
    same = deploy("--diff")
    assert (same.status, same.out) == (0, f"{TEMPLATE} in namespace flows is up to date\n")
    desk.write("small.py", FLOW.replace("times=2", "times=3"))
    before = cluster.show(TEMPLATE)
    changed = deploy("--diff")
    assert changed.status == 1
    version = version.replace("version 1", "version 2")
    assert f"DIGEST.zip would be new\n{version}workflowtemplates/small in namespace flows would be changed\n" in changed.out
    assert '-        limit: "2"\n+        limit: "3"\n' in changed.out
    assert not any(word in changed.out for word in ("resourceVersion", "managedFields", "generation", "uid:"))
    assert (cluster.show(TEMPLATE), len(code())) == (before, 1)


def test_a_profile_says_the_namespace_before_kubectl_does(desk: Desk, deploy: Deploy, cluster: Cluster, code: Any) -> None:
    desk.write("flowport.toml", (desk.folder / "flowport.toml").read_text() + 'namespace = "other"\n')
    refused = deploy()
    assert (refused.status, code()) == (1, [])
    assert "flowport deploy: the cluster of context `here` has no namespace other\n" in refused.err
    assert "kubectl create namespace other" in refused.err


@pytest.mark.parametrize(
    ("labels", "flow", "said"),
    [
        ({}, "Small", "belongs to somebody else, not to Small, and stays as it is"),
        ({"app.kubernetes.io/managed-by": "Helm"}, "Small", "belongs to `Helm`, not to Small"),
        ({"app.kubernetes.io/managed-by": "flowport", "flowport/flow": "small"}, "SMALL", "belongs to flow `SMALL`, not to Small"),
    ],
)
def test_an_object_of_somebody_else_stays_as_it_is(
    desk: Desk, deploy: Deploy, cluster: Cluster, code: Any, labels: dict[str, str], flow: str, said: str
) -> None:
    about = {"name": "small", "labels": labels, "annotations": {"workflows.argoproj.io/title": flow}}
    cluster.update(TEMPLATE, {"metadata": about, "spec": {}}, "kubectl")
    before = cluster.show(TEMPLATE)
    for ends, words in ((1, ()), (2, ("--diff",))):
        refused = deploy(*words)
        assert (refused.status, refused.out) == (ends, "")
        assert f"workflowtemplates/small in namespace flows {said}" in refused.err
        assert "`kubectl delete workflowtemplates.argoproj.io small -n flows`" in refused.err
    assert (cluster.show(TEMPLATE), code()) == (before, [])


def test_a_field_that_somebody_else_has_set_is_not_overwritten(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    assert deploy().status == 0
    edited = cluster.show(TEMPLATE)
    edited["spec"]["ttlStrategy"]["secondsAfterCompletion"] = 60
    edited["spec"]["suspend"] = True
    cluster.update(TEMPLATE, edited, "kubectl-edit")
    for ends, words in ((1, ()), (2, ("--diff",))):
        refused = deploy(*words)
        assert (refused.status, refused.out) == (ends, "")
        assert "others have set to something else: `kubectl-edit` has set .spec.ttlStrategy.secondsAfterCompletion\n" in refused.err
        assert "--force-conflicts --field-manager flowport -n flows" in refused.err
    assert cluster.show(TEMPLATE)["spec"]["ttlStrategy"] == {"secondsAfterCompletion": 60}


def test_a_field_that_the_flow_does_not_have_is_left_to_others(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    assert deploy().status == 0
    edited = cluster.show(TEMPLATE)
    edited["metadata"]["annotations"]["team"] = "vision"
    cluster.update(TEMPLATE, edited, "kubectl-annotate")
    assert deploy().out == f"{TEMPLATE} in namespace flows is unchanged\n"
    assert cluster.show(TEMPLATE)["metadata"]["annotations"]["team"] == "vision"


def test_a_schedule_that_the_flow_has_no_more_is_deleted(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    assert deploy().status == 0
    cluster.update(SCHEDULE, schedule(), "flowport")
    shown = deploy("--diff")
    assert shown.status == 1
    assert "cronworkflows/small in namespace flows would be deleted\n--- cronworkflows/small\n" in shown.out
    assert '-    - "0 6 * * *"' in shown.out
    assert SCHEDULE in cluster.objects
    done = deploy()
    assert done.out == f"{TEMPLATE} in namespace flows is unchanged\n{SCHEDULE} in namespace flows is deleted\n"
    assert SCHEDULE not in cluster.objects


@pytest.mark.parametrize("owner", [{"app.kubernetes.io/managed-by": "flowport", "flowport/flow": "other"}, {"team": "vision"}])
def test_a_schedule_of_somebody_else_is_left_alone(desk: Desk, deploy: Deploy, cluster: Cluster, owner: dict[str, str]) -> None:
    theirs = schedule()
    theirs["metadata"]["labels"] = owner
    cluster.update(SCHEDULE, theirs, "kubectl")
    done = deploy()
    assert (done.status, "cronworkflows" in done.out + done.err) == (0, False)
    assert SCHEDULE in cluster.objects


def with_schedule(tmp_path: Path) -> Deployment[Settings]:
    """A flow that the clock starts."""
    profile = {"image": "my-image:1", "store": str(tmp_path / "store")}
    plan = replace(SMALL, flow=replace(SMALL.flow, triggers=(Schedule("0 6 * * *"),)))
    return Deployment(files_of(target, plan, profile), plan, NO_CODE, Settings(profile, plan.flow.name))


def deployed(tmp_path: Path) -> list[Change]:
    """The changes that a deployment made."""
    changes = target.deployer.plan(with_schedule(tmp_path))
    return list(target.deployer.apply(changes))


def told(changes: Sequence[Change]) -> list[tuple[str, str]]:
    return [(change.name.partition(" ")[0], change.becomes) for change in changes if not change.name.endswith(".zip")]


def test_a_schedule_is_deployed_behind_the_template(cluster: Cluster, tmp_path: Path) -> None:
    assert told(deployed(tmp_path)) == [("version", "new"), (TEMPLATE, "new"), (SCHEDULE, "new")]
    assert cluster.show(SCHEDULE)["spec"]["schedules"] == ["0 6 * * *"]
    again = deployed(tmp_path)
    assert (len(again), told(again)) == (2, [(TEMPLATE, "unchanged"), (SCHEDULE, "unchanged")])


def test_planning_a_deployment_changes_nothing_and_says_what_it_would(cluster: Cluster, tmp_path: Path) -> None:
    code, version, template, schedule = target.deployer.plan(with_schedule(tmp_path)).changes
    assert (code.becomes, code.difference, version.becomes) == ("new", "", "new")
    assert "+kind: WorkflowTemplate" in template.difference
    assert "+kind: CronWorkflow" in schedule.difference
    assert (cluster.objects, (tmp_path / "store").exists()) == ({}, False)


def test_what_a_controller_notes_is_no_change(cluster: Cluster, tmp_path: Path) -> None:
    deployed(tmp_path)
    noted = cluster.show(SCHEDULE)
    cluster.update(SCHEDULE, {**noted, "status": {"lastScheduledTime": "2026-11-26T06:00:00Z"}}, "workflow-controller")
    planned = target.deployer.plan(with_schedule(tmp_path)).changes
    assert told(planned) == [(TEMPLATE, "unchanged"), (SCHEDULE, "unchanged")]
    assert [change.difference for change in planned] == ["", ""]


def test_a_schedule_of_somebody_else_keeps_the_template_from_being_deployed(cluster: Cluster, tmp_path: Path) -> None:
    cluster.update(SCHEDULE, schedule("Other"), "kubectl")
    with pytest.raises(DeployError, match="cronworkflows/small in namespace flows belongs to flow `Other`, not to Small"):
        target.deployer.plan(with_schedule(tmp_path))
    assert TEMPLATE not in cluster.objects
    assert not (tmp_path / "store").exists()


def test_the_cluster_is_asked_for_what_may_change_and_no_more(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    assert deploy().status == 0
    read = [f"GET flows/{TEMPLATE}", f"PATCH dry flows/{TEMPLATE}", f"GET flows/{SCHEDULE}"]
    read += [f"GET flows/{plural}/small" for plural in ("workfloweventbindings", "sensors", "eventsources")]
    assert cluster.asked == [*read, f"PATCH flows/{TEMPLATE}"]
    cluster.asked.clear()
    assert deploy().status == 0
    assert cluster.asked == read


FORBIDDEN = (
    'workflowtemplates.argoproj.io "small" is forbidden: User "eve" cannot create resource "workflowtemplates" in API group '
    '"argoproj.io" in the namespace "flows"'
)
STRANGER = FORBIDDEN.replace("eve", "system:anonymous")
INVALID = 'WorkflowTemplate.argoproj.io "small" is invalid: metadata.labels: Invalid value: "a b"'
UNKNOWN = """failed to create typed patch object (/small; argoproj.io/v1alpha1, Kind=WorkflowTemplate): errors:
  .spec.templates[2].volumes[0].emptyDirr: field not declared in schema
  .spec.templates[3].volumes[0].emptyDirr: field not declared in schema"""
DENIED = 'admission webhook "policy" denied the request: no team'
IT = "workflowtemplates/small in namespace flows"


@pytest.mark.parametrize(
    ("verb", "answer", "said"),
    [
        ("GET", status(403, FORBIDDEN), f'let you get {IT}: User "eve" cannot create resource'),
        ("PATCH", status(403, FORBIDDEN), "needs the verbs get, create and patch on workflowtemplates and cronworkflows"),
        ("PATCH", status(403, DENIED), f"patch {IT}: {DENIED}\n"),
        ("GET", status(403, STRANGER), "know who you are: there are no credentials"),
        ("PATCH", status(422, INVALID), f'take {IT}: metadata.labels: Invalid value: "a b"\n'),
        ("PATCH", status(500, UNKNOWN), f"take {IT}: .spec.templates[2].volumes[0].emptyDirr: field not declared in schema; .spec"),
        ("PATCH", status(500, UNKNOWN), "what the flow does not say comes from [argo] in flowport.toml"),
        ("PATCH", status(503, "the server is busy"), f"patch {IT}: the server is busy"),
        ("GET", (429, "Too many requests"), f"get {IT}: it answers 429"),
        ("PATCH", (404, "<html>"), f"patch {IT}: it answers 404"),
        ("GET", (200, "<html>log in</html>"), "answer: what answers is not Kubernetes"),
    ],
)  # fmt: skip
def test_what_the_cluster_refuses_is_said_and_nothing_changes(
    desk: Desk, deploy: Deploy, cluster: Cluster, code: Any, verb: str, answer: tuple[int, Any], said: str
) -> None:
    cluster.refusals[verb] = answer
    refused = deploy()
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("flowport deploy: the cluster of context `here` does not ")
    assert said in refused.err
    assert refused.err.count("\n") <= 2
    assert (cluster.objects, code()) == ({}, [])


def test_the_code_goes_into_a_volume_only_where_that_is_mounted(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    shared, settings = desk.folder / "shared", '[argo]\nimage = "my-image:1"\nstore = "{0}/flows"\n'
    claim = 'volumes = [{{ name = "flows", mountPath = "{0}", persistentVolumeClaim = {{ claimName = "flows" }} }}]\n'
    desk.write("flowport.toml", (settings + claim).format(shared))
    refused = deploy()
    assert (refused.status, refused.out, cluster.objects) == (1, "", {})
    assert "is in the volume `flows`, and there is no `DESK/shared` on this machine" in refused.err
    shared.mkdir()
    assert deploy().status == 0
    assert open_store(str(shared / "flows")).names("code/")


def test_a_cluster_without_argo_is_said(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    cluster.kinds.clear()
    refused = deploy()
    assert refused.status == 1
    assert "knows no workflowtemplates: Argo Workflows is not installed there" in refused.err


def test_old_credentials_are_said(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    cluster.kubeconfig(desk.folder / "kubeconfig", token="expired")
    refused = deploy()
    assert refused.status == 1
    assert "the cluster of context `here` does not know who you are" in refused.err


def test_credentials_that_no_header_takes_are_said_and_not_shown(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    cluster.kubeconfig(desk.folder / "kubeconfig", token="pass\nword")
    refused = deploy()
    assert refused.status == 1
    assert "the credentials have characters that no header takes" in refused.err
    assert "word" not in refused.err


def test_a_cluster_that_does_not_answer_is_said(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        text = (desk.folder / "kubeconfig").read_text().replace(f"http://127.0.0.1:{cluster.server.server_port}", address)
        desk.write("kubeconfig", text)
        refused = deploy()
    assert refused.status == 1
    assert "the cluster of context `here` does not answer: [Errno" in refused.err
    assert "Connection refused\n  try `kubectl cluster-info`" in refused.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no kubeconfig at `DESK/kubeconfig`, and this is no pod of a cluster"),
        ("a certificate", "`DESK/kubeconfig` does not say how to reach a cluster: "),
        ("a: [", "`DESK/kubeconfig` does not say how to reach a cluster: while parsing"),
        (
            '{"contexts": [], "current-context": "gone"}',
            "`DESK/kubeconfig` does not say how to reach a cluster: Invalid kube-config file",
        ),
        ("[]", "`DESK/kubeconfig` does not say how to reach a cluster: "),
        ('{"current-context": "a", "contexts": [5]}', "`DESK/kubeconfig` does not say how to reach a cluster: "),
    ],
)
def test_a_kubeconfig_that_names_no_cluster_is_said(
    desk: Desk, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(desk.folder / "kubeconfig"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    if text is not None:
        desk.write("kubeconfig", text)
    refused = deploy()
    assert refused.status == 1
    assert f"flowport deploy: {said}" in refused.err


def test_without_the_client_of_kubernetes_the_extra_is_named(desk: Desk) -> None:
    done = desk.run(sys.executable, "-c", WITHOUT, *DEPLOY)
    assert (done.status, done.out) == (1, "")
    assert done.err == "flowport deploy: Argo is reached through the client of Kubernetes: pip install 'flowport[argo]'\n"


def test_compiling_needs_no_client_of_kubernetes(desk: Desk) -> None:
    assert desk.run(sys.executable, "-c", WITHOUT, "compile", "small.py", "--target", "argo", "-o", "build").status == 0


def test_a_branch_of_a_project_touches_no_other_branch(desk: Desk, deploy: Deploy, cluster: Cluster) -> None:
    text = FLOW.replace("import FlowSpec, ", "import FlowSpec, project, schedule, ").replace(
        "class ", '@schedule(daily=True)\n@project(name="demo")\nclass '
    )
    desk.write("small.py", text)
    assert [deploy("--branch", branch).status for branch in ("a", "b")] == [0, 0]
    deployed = {key: cluster.show(key) for key in cluster.objects}
    assert len(deployed) == 4
    desk.write("small.py", text.replace("@schedule(daily=True)\n", ""))
    changed = deploy("--branch", "a").out
    assert re.findall(r"cronworkflows/demo-test-(\w)-small-\w+ in namespace flows is deleted", changed) == ["a"]
    left = {key for key, found in deployed.items() if key in cluster.objects and cluster.show(key) == found}
    assert len(left) == 2
    assert all("/demo-test-b-small" in key for key in left)
    assert deploy("--branch", "b", "--diff").status == 1
