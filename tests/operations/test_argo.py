"""Flows that are deployed to a cluster, started and stopped there, taken back and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hera.workflows import models

from argo.cluster import Answer, Cluster, status
from desk import Desk, Ended
from flowport import DeployedFlow, Deployer
from flowport.cli import execute
from flowport.compiler.changes import DeployError
from flowport.exceptions import MetaflowException
from flowport.targets.argo.deployment import cluster as clusters
from flowport.targets.argo.engine.controller import Workflow
from flowport.workspace.flow_file import open_flow
from flowport.workspace.operations.deploy import plan_deployment
from flowport.workspace.targets import find_target
from operations.conftest import FLOW

SETTINGS = """
[argo]
image = "my-image:1"
store = "{folder}/flows"
volumes = [{{ name = "flows", mountPath = "{folder}", persistentVolumeClaim = {{ claimName = "flows" }} }}]
"""
TEMPLATE, SCHEDULE = "workflowtemplates/doubles", "cronworkflows/doubles"
STARTED, ENDED = "2026-11-29T03:00:00Z", "2026-11-29T03:00:05Z"


@dataclass
class Work:
    """A folder with a flow, a cluster to deploy it to, and a store in a volume of both."""

    desk: Desk
    cluster: Cluster
    capture: pytest.CaptureFixture[str]

    def __call__(self, command: str, *words: str, target: bool = True) -> Ended:
        """Run a command in this process; `FLOW` stands for the file of the flow."""
        named = [self.file if word == "FLOW" else word for word in words]
        status = execute([command, *named, *(["--target", "argo"] if target else [])])
        said = self.capture.readouterr()
        return Ended(status, self.desk.plain(said.out), self.desk.plain(said.err))

    @property
    def file(self) -> str:
        return str(self.desk.folder / "flow.py")

    def change(self, old: str, new: str, file: str = "flow.py") -> None:
        """Another version of the flow, or of its settings."""
        text = (self.desk.folder / file).read_text()
        assert old in text
        self.desk.write(file, text.replace(old, new))

    def schedule_it(self) -> None:
        self.change("class Doubles", '@schedule(cron="30 6 * * MON-FRI", timezone="Europe/Zurich")\nclass Doubles')
        self.change("Parameter, step", "Parameter, schedule, step")

    def arguments(self, run: str) -> dict[str, str]:
        """What a workflow was created with."""
        return {each["name"]: each["value"] for each in self.cluster.show(f"workflows/{run}")["spec"]["arguments"]["parameters"]}

    def set_status(self, run: str, **fields: str) -> None:
        """What the controller says of a workflow; it also labels one that is over."""
        found = self.cluster.show(f"workflows/{run}")
        found["status"] = {**found.get("status", {}), **fields}
        if "finishedAt" in fields:
            found["metadata"]["labels"]["workflows.argoproj.io/completed"] = "true"
        self.cluster.update(f"workflows/{run}", found, "workflow-controller")

    def run(self, run: str) -> str:
        """Be the controller: run a workflow with the template that it refers to; the phase at its end."""
        created = self.cluster.show(f"workflows/{run}")
        template = self.cluster.show(f"workflowtemplates/{created['spec']['workflowTemplateRef']['name']}")
        workflow = Workflow(template, run, self.arguments(run), 2, lambda *ended: None)
        phase = workflow.run()
        self.set_status(run, phase=phase, startedAt=STARTED, finishedAt=ENDED, message=workflow.message)
        return phase


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    made = Cluster()
    made.kubeconfig(tmp_path / "kubeconfig")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def work(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Work:
    desk = Desk(tmp_path)
    (tmp_path / "shared").mkdir()
    desk.write("flow.py", FLOW.format(name="Doubles"))
    desk.write("flowport.toml", SETTINGS.format(folder=tmp_path / "shared"))
    monkeypatch.chdir(tmp_path)
    return Work(desk, cluster, capsys)


# From nothing to a run, and back


def test_a_flow_is_deployed_run_and_looked_at(work: Work) -> None:
    assert work("deploy", "FLOW").status == 0
    started = work("trigger", "FLOW", "--size", "5", "--run-id", "one", "--tag", "nightly")
    assert (started.status, started.out, started.err) == (0, "Doubles/one\nworkflows/one in namespace flows\n", "")
    assert work.arguments("one") == {"size": "5", "run_tags": "nightly"}
    waiting = work("status", "Doubles/one")
    assert waiting.out.startswith("Doubles/one: not begun\nargo: Pending")
    assert work.run("one") == "Succeeded"
    shown = work("status", "Doubles/one")
    assert shown.out.startswith("Doubles/one: done")
    assert "argo: Succeeded after SECONDS, started TIME UTC\nworkflows/one in namespace flows\n" in shown.out
    assert work("artifacts", "Doubles/one/end", "--name", "total").out.strip().endswith("20")
    document = json.loads(work("status", "Doubles/one", "--json").out)
    assert (document["status"], document["engine"]["run"]["state"], document["tags"]) == ("done", "done", ["nightly"])


def test_a_failed_run_goes_on_in_a_new_version(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--size", "20", "--run-id", "broken")
    assert work.run("broken") == "Failed"
    assert work("trigger", "FLOW", "--run-id", "broken", "--size", "20", "--wait").status == 1
    work.change("< 100", "< 1000")
    work("deploy", "FLOW")
    assert work("trigger", "FLOW", "--origin-run", "broken", "--run-id", "mended").status == 0
    assert list(work.arguments("mended")) == ["run_input"]
    assert work.run("mended") == "Succeeded"
    assert "resumes run broken" in work("status", "Doubles/mended").out
    assert work("artifacts", "Doubles/mended/end", "--name", "total").out.strip().endswith("380")


def test_a_run_for_a_time_has_it(work: Work) -> None:
    work("deploy", "FLOW")
    assert work("trigger", "FLOW", "--run-id", "one", "--scheduled-time", "2026-03-29T06:30:00+02:00").status == 0
    assert work.run("one") == "Succeeded"
    (record,) = work.desk.folder.rglob("one/run.json")
    assert json.loads(record.read_text())["scheduled_time"] == "2026-03-29T04:30:00+00:00"


def test_what_is_deployed_is_listed_taken_back_and_made_live_again(work: Work) -> None:
    work.schedule_it()
    work("deploy", "FLOW")
    before = {key: work.cluster.show(key)["spec"] for key in (TEMPLATE, SCHEDULE)}
    work.change("* 2", "* 3")
    work("deploy", "FLOW")
    after = work.cluster.show(TEMPLATE)["spec"]
    assert before[TEMPLATE] != after
    versions = json.loads(work("list", "FLOW", "--json").out)
    assert [(each["name"], each["is_live"]) for each in versions] == [("2", True), ("1", False)]
    assert all(each["code"] and each["created"] for each in versions)
    assert work("list").out == ("NAME     FLOW     VERSION  SCHEDULE\ndoubles  Doubles  2        30 6 * * MON-FRI Europe/Zurich\n")

    assert work("rollback", "FLOW", "--diff").status == 1
    assert work.cluster.show(TEMPLATE)["spec"] == after
    back = work("rollback", "FLOW")
    assert back.status == 0
    assert back.out.endswith(f"{TEMPLATE} in namespace flows is changed\n{SCHEDULE} in namespace flows is unchanged\n")
    assert {key: work.cluster.show(key)["spec"] for key in (TEMPLATE, SCHEDULE)} == before
    none = work("rollback", "FLOW")
    assert (none.status, none.err) == (1, "flowport rollback: `doubles` cannot go back: it has no version before 1, which is live\n")
    unknown = work("rollback", "FLOW", "--to", "9")
    assert (unknown.status, unknown.err) == (1, "flowport rollback: `doubles` has no version 9\n  it has 2, 1\n")
    assert work("rollback", "FLOW", "--to", "1").out.count("is unchanged\n") == 2

    assert work("deploy", "FLOW").out.startswith(f"{TEMPLATE} in namespace flows is changed\n")
    assert work.cluster.show(TEMPLATE)["spec"] == after
    assert len(json.loads(work("list", "FLOW", "--json").out)) == 2


def test_a_rollback_takes_a_schedule_away_that_the_earlier_version_had_not(work: Work) -> None:
    work("deploy", "FLOW")
    work.schedule_it()
    work("deploy", "FLOW")
    assert SCHEDULE in work.cluster.objects
    assert work("rollback", "FLOW").out.endswith(f"{SCHEDULE} in namespace flows is deleted\n")
    assert SCHEDULE not in work.cluster.objects
    assert work("rollback", "FLOW", "--to", "2").out.endswith(f"{SCHEDULE} in namespace flows is new\n")


def test_the_last_ten_versions_are_listed_and_the_live_one(work: Work) -> None:
    for number in range(1, 13):
        work.desk.write("flow.py", FLOW.format(name="Doubles") + f"\n# version {number}\n")
        work("deploy", "FLOW")

    def listed() -> list[int]:
        return [int(each["name"]) for each in json.loads(work("list", "FLOW", "--json").out)]

    assert listed() == list(range(12, 2, -1))
    assert work("rollback", "FLOW", "--to", "1").status == 0
    assert listed() == [*range(12, 2, -1), 1]


def test_a_version_without_its_code_is_not_put_back(work: Work) -> None:
    work("deploy", "FLOW")
    (code,) = (work.desk.folder / "shared/flows/code").iterdir()
    work.change("* 2", "* 3")
    work("deploy", "FLOW")
    code.unlink()
    refused = work("rollback", "FLOW")
    assert refused.status == 1
    assert "has the code of version 1 no more: there is no `code/" in refused.err


def test_a_version_of_a_later_flowport_is_not_read(work: Work) -> None:
    work("deploy", "FLOW")
    record = work.desk.folder / "shared/flows/deployments/argo/flows/doubles/1.json"
    record.write_text(record.read_text().replace('"v":1', '"v":2'))
    refused = work("list", "FLOW")
    assert refused.status == 1
    assert "version 1 of workflowtemplates/doubles in namespace flows was deployed by a later version of flowport" in refused.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kind":"WorkflowTemplate"', '"kind":"ClusterRole"'),
        ('"name":"doubles"', '"name":"others"'),
        ('"metadata":', '"about":'),
        ('"objects":', '"things":'),
        ("{", "["),
    ],
)
def test_a_version_that_flowport_has_not_written_so_is_not_put_back(work: Work, old: str, new: str) -> None:
    work("deploy", "FLOW")
    record = work.desk.folder / "shared/flows/deployments/argo/flows/doubles/1.json"
    assert old in record.read_text()
    record.write_text(record.read_text().replace(old, new))
    live = work.cluster.show(TEMPLATE)
    refused = work("rollback", "FLOW", "--to", "1")
    assert refused.status == 1
    assert "`deployments/argo/flows/doubles/1.json` in DESK/shared/flows is not what flowport has written" in refused.err
    assert work.cluster.show(TEMPLATE) == live


def test_a_template_that_was_applied_by_other_means_has_no_live_version(work: Work) -> None:
    work("deploy", "FLOW")
    applied = work.cluster.show(TEMPLATE)
    del applied["metadata"]["annotations"]["flowport/deployment"]
    work.cluster.update(TEMPLATE, applied, "flowport")
    assert [each["is_live"] for each in json.loads(work("list", "FLOW", "--json").out)] == [False]
    assert work("rollback", "FLOW").out.endswith(f"{TEMPLATE} in namespace flows is changed\n")
    (work.desk.folder / "shared/flows/deployments/argo/flows/doubles/1.json").unlink()
    work.cluster.update(TEMPLATE, applied, "flowport")
    refused = work("rollback", "FLOW")
    assert (refused.status, refused.err) == (1, "flowport rollback: `doubles` cannot go back: the store has no version of it\n")


def test_a_deployment_that_is_cut_off_is_continued_by_deploying_again(work: Work) -> None:
    plan = plan_deployment(open_flow(work.file, None), find_target("argo"), lambda found: None)
    for change in plan.changes.changes[:-1]:
        change.make()
    assert TEMPLATE not in work.cluster.objects
    assert work("deploy", "FLOW").out == f"{TEMPLATE} in namespace flows is new\n"
    assert [(each["name"], each["is_live"]) for each in json.loads(work("list", "FLOW", "--json").out)] == [("1", True)]


def test_of_two_deployments_at_once_one_is_refused(work: Work) -> None:
    first = plan_deployment(open_flow(work.file, None), find_target("argo"), lambda found: None)
    work.change("* 2", "* 3")
    assert work("deploy", "FLOW").status == 0
    live = work.cluster.show(TEMPLATE)
    with pytest.raises(DeployError, match="somebody else has deployed workflowtemplates/doubles in namespace flows meanwhile"):
        list(first.apply())
    assert work.cluster.show(TEMPLATE) == live


def test_a_flow_is_removed_and_its_runs_are_stopped(work: Work) -> None:
    work.schedule_it()
    work("deploy", "FLOW")
    for run in ("over", "going"):
        work("trigger", "FLOW", "--run-id", run)
    work.run("over")
    work.set_status("going", phase="Running", startedAt=STARTED)
    other = work.cluster.show("workflows/going")
    other["spec"]["workflowTemplateRef"]["name"] = "other"
    work.cluster.update("workflows/other", other, "argo")
    assert work("delete", "FLOW", "--diff").status == 1
    assert {TEMPLATE, SCHEDULE} <= work.cluster.objects.keys()
    removed = work("delete", "FLOW")
    assert removed.out.splitlines() == [
        f"{SCHEDULE} in namespace flows is deleted",
        f"{TEMPLATE} in namespace flows is deleted",
        "workflows/going in namespace flows is changed",
    ]
    assert work.cluster.show("workflows/going")["spec"]["shutdown"] == "Stop"
    assert all("shutdown" not in work.cluster.show(f"workflows/{run}")["spec"] for run in ("over", "other"))
    assert work("delete", "FLOW").out == "nothing is deployed\n"
    assert work("list").out == work("list", "FLOW").out == "nothing is deployed\n"
    for command in ("trigger", "rollback"):
        gone = work(command, "FLOW")
        assert (gone.status, gone.err) == (
            1,
            f"flowport {command}: there is no {TEMPLATE} in namespace flows\n  deploy the flow: flowport deploy FLOW --target argo\n",
        )
    assert work("status", "Doubles/over").out.startswith("Doubles/over: done")
    assert work("deploy", "FLOW").status == 0


# Runs


def test_a_run_is_stopped(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "long")
    work.set_status("long", phase="Running", startedAt=STARTED)
    assert work("stop", "Doubles/long").out.startswith("Doubles/long: Running")
    assert work.cluster.show("workflows/long")["spec"]["shutdown"] == "Stop"
    work.set_status("long", phase="Failed", finishedAt=ENDED, message="Stopped with strategy 'Stop'")
    stopped = work("stop", "Doubles/long")
    assert stopped.out == "Doubles/long: Failed after SECONDS, started TIME UTC: Stopped with strategy 'Stop'\n"
    assert json.loads(work("status", "Doubles/long", "--json").out)["engine"]["run"]["state"] == "stopped"
    work.cluster.asked.clear()
    assert work("stop", "Doubles/long").status == 0
    assert not any(asked.startswith("PATCH") for asked in work.cluster.asked)


@pytest.mark.parametrize("run", ["never", "Not_A_Name", "theirs", "shared"])
def test_a_run_that_is_not_there_is_said(work: Work, run: str) -> None:
    work("deploy", "FLOW")
    theirs = {"metadata": {"name": "theirs"}, "spec": {"entrypoint": "main"}, "status": {"phase": "Running"}}
    work.cluster.update("workflows/theirs", theirs, "argo")
    shared = {"metadata": {"name": "shared"}, "spec": {"workflowTemplateRef": {"name": "doubles", "clusterScope": True}}}
    work.cluster.update("workflows/shared", shared, "argo")
    stopped = work("stop", f"Doubles/{run}")
    assert (stopped.status, stopped.err.splitlines()[0]) == (2, f"flowport stop: argo has no run `{run}` of Doubles")
    assert work("status", f"Doubles/{run}").status == 2
    assert "shutdown" not in work.cluster.show("workflows/theirs")["spec"]


def test_a_run_that_ends_while_it_is_stopped_and_deleted_is_not_there(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "one")
    work.cluster.refusals["PATCH"] = status(404, 'workflows.argoproj.io "one" not found')
    assert work("stop", "Doubles/one").status == 2


@pytest.mark.parametrize(
    ("phase", "fields", "state"),
    [
        ("", {}, "waiting"),
        ("Pending", {}, "waiting"),
        ("Running", {"startedAt": STARTED}, "running"),
        ("Checking", {"startedAt": STARTED}, "running"),
        ("Failed", {"startedAt": STARTED, "finishedAt": ENDED, "message": "child failed"}, "failed"),
        ("Error", {"startedAt": STARTED, "finishedAt": ENDED, "message": "workflowtemplate not found"}, "failed"),
    ],
)
def test_the_phase_of_a_workflow_is_the_state_of_the_run(work: Work, phase: str, fields: dict[str, str], state: str) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "one")
    work.set_status("one", phase=phase, **fields)
    found = json.loads(work("trigger", "FLOW", "--run-id", "one", "--json").out)["engine"]
    assert (found["state"], found["status"], found["reason"]) == (state, phase or "Pending", fields.get("message", ""))
    assert (found["ended"] or found["started"] or 0) - (found["started"] or 0) == (5 if "finishedAt" in fields else 0)


def test_a_run_id_is_used_once(work: Work) -> None:
    work("deploy", "FLOW")
    for _ in range(2):
        assert work("trigger", "FLOW", "--run-id", "one", "--size", "5").out == "Doubles/one\nworkflows/one in namespace flows\n"
    again = work("trigger", "FLOW", "--run-id", "one", "--size", "4")
    assert again.status == 1
    assert again.err == (
        "flowport trigger: there is a workflow `one` in namespace flows already, with another input\n"
        "  leave out `--run-id`, or choose another one\n"
    )
    work.cluster.update("workflows/theirs", {"metadata": {"name": "theirs"}, "spec": {"entrypoint": "main"}}, "argo")
    assert "already, of another flow\n" in work("trigger", "FLOW", "--run-id", "theirs").err


def test_the_id_of_a_run_that_argo_has_forgotten_is_not_used_again(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "one", "--size", "5")
    assert work.run("one") == "Succeeded"
    del work.cluster.objects["workflows/one"]
    assert work("trigger", "FLOW", "--run-id", "one", "--size", "4").status == 0
    assert work.run("one") == "Failed"
    assert work("artifacts", "Doubles/one/end", "--name", "total").out.strip().endswith("20")


@pytest.mark.parametrize("run", ["Nightly", "a_b", "a.b", "n" * 64, "one-"])
def test_a_run_id_that_is_no_name_of_a_workflow_is_refused(work: Work, run: str) -> None:
    work("deploy", "FLOW")
    work.cluster.asked.clear()
    refused = work("trigger", "FLOW", "--run-id", run)
    assert refused.status == 1
    assert refused.err.startswith(f"flowport trigger: `{run}` cannot be the name of a workflow, which is the id of the run\n")
    assert "use at most 63 small letters, digits and `-`" in refused.err
    assert work.cluster.asked == []


def test_a_run_gets_a_name_that_a_workflow_may_have(work: Work) -> None:
    work("deploy", "FLOW")
    assert work("trigger", "FLOW").status == 0
    (run,) = [key for key in work.cluster.objects if key.startswith("workflows/")]
    labels = work.cluster.show(run)["metadata"]["labels"]
    assert labels["workflows.argoproj.io/workflow-template"] == labels["flowport/flow"] == "doubles"


TEXT = ("    @step\n    def start", '    note = Parameter("note", default="x")\n\n    @step\n    def start')


@pytest.mark.parametrize(
    ("words", "stored"),
    [
        (("--note", "plain: 'text' ü\n$(A)"), False),
        (("--note", ""), True),
        (("--note", "{{= 1 + 1 }}"), True),
        (("--note", "\udce9"), True),
        (("--note", "x" * 5000), True),
        (("--tag", "a,b"), True),
        (("--tag", "a b"), False),
    ],
)
def test_input_that_the_form_cannot_say_goes_through_the_store(work: Work, words: tuple[str, ...], stored: bool) -> None:
    work.change(*TEXT)
    work("deploy", "FLOW")
    assert work("trigger", "FLOW", *words, "--run-id", "one").status == 0
    assert ("run_input" in work.arguments("one")) == stored
    assert work.run("one") == "Succeeded"
    if words[0] == "--tag":
        assert json.loads(work("status", "Doubles/one", "--json").out)["tags"] == [words[1]]
    else:
        shown = json.loads(work("artifacts", "Doubles/one/end", "--name", "note", "--json").out)
        assert words[1] in json.dumps(shown, ensure_ascii=False) or json.dumps(words[1]) in json.dumps(shown)


def test_a_required_parameter_has_a_filler_where_the_input_is_in_the_store(work: Work) -> None:
    work.change(*TEXT)
    work.change('Parameter("size", default=3)', 'Parameter("size", type=int, required=True)')
    work("deploy", "FLOW")
    assert work("trigger", "FLOW", "--size", "4", "--note", "", "--run-id", "one").status == 0
    assert work.arguments("one")["size"] == ""
    assert work.run("one") == "Succeeded"
    assert work("artifacts", "Doubles/one/end", "--name", "total").out.strip().endswith("12")


def test_a_parameter_that_is_not_deployed_is_refused(work: Work) -> None:
    work("deploy", "FLOW")
    work.change(*TEXT)
    refused = work("trigger", "FLOW", "--note", "y")
    assert refused.status == 1
    assert refused.err == (
        "flowport trigger: what is deployed as `doubles` has no parameter `note`\n"
        "  it has `size`; deploy the flow again if its file has others: flowport deploy FLOW --target argo\n"
    )


def test_a_store_in_a_volume_has_to_be_here_for_what_reads_it(work: Work) -> None:
    work("deploy", "FLOW")
    (work.desk.folder / "shared").rename(work.desk.folder / "away")
    for command in (("list", "FLOW"), ("rollback", "FLOW"), ("trigger", "FLOW", "--tag", "a,b")):
        assert "is in the volume `flows`, and there is no `DESK/shared` on this machine" in work(*command).err
    assert work("trigger", "FLOW", "--run-id", "one").status == 0


# Schedules


def test_a_schedule_is_deployed_paused_and_turned_on(work: Work) -> None:
    work.schedule_it()
    settings = (work.desk.folder / "flowport.toml").read_text()
    work.desk.write("flowport.toml", settings + 'schedule = "paused"\n')
    work("deploy", "FLOW")
    assert work.cluster.show(SCHEDULE)["spec"]["suspend"] is True
    assert "30 6 * * MON-FRI Europe/Zurich, paused" in work("list").out
    work.desk.write("flowport.toml", settings)
    assert f"{SCHEDULE} in namespace flows is changed\n" in work("deploy", "FLOW").out
    assert "suspend" not in work.cluster.show(SCHEDULE)["spec"]


# Others, and what goes wrong


@pytest.mark.parametrize("title", [None, "OtherFlow"])
def test_a_template_of_somebody_else_stays_as_it_is(work: Work, title: str | None) -> None:
    labels = {"app.kubernetes.io/managed-by": "flowport", "flowport/flow": "doubles"} if title else {}
    about = {"name": "doubles", "labels": labels, "annotations": {"workflows.argoproj.io/title": title}}
    work.cluster.update(TEMPLATE, {"metadata": about, "spec": {}}, "kubectl")
    before = work.cluster.show(TEMPLATE)
    for command in (("deploy", "FLOW"), ("trigger", "FLOW"), ("list", "FLOW"), ("rollback", "FLOW"), ("delete", "FLOW")):
        refused = work(*command)
        assert (refused.status, refused.out) == (1, "")
        whose = f"flow `{title}`" if title else "somebody else"
        assert refused.err.startswith(f"flowport {command[0]}: {TEMPLATE} in namespace flows belongs to {whose}, not to Doubles")
    assert work.cluster.objects.keys() == {TEMPLATE}
    assert work.cluster.show(TEMPLATE) == before


def test_all_pages_of_a_list_are_read(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "PAGE", 2)
    work("deploy", "FLOW")
    template = work.cluster.show(TEMPLATE)
    for number in range(4):
        labels = {"app.kubernetes.io/managed-by": "flowport", "flowport/flow": f"small-{number}"}
        document = {**template, "metadata": {"name": f"small-{number}", "labels": labels}}
        work.cluster.update(f"workflowtemplates/small-{number}", document, "flowport")
    work.cluster.update("workflowtemplates/other", {"metadata": {"name": "other"}, "spec": {}}, "kubectl")
    listed = json.loads(work("list", "--json").out)
    assert [each["name"] for each in listed] == ["doubles", *(f"small-{number}" for number in range(4))]
    assert [each["flow"] for each in listed[:2]] == ["Doubles", "small-0"]
    assert [each["version"] for each in listed[:2]] == ["1", ""]


def forbidden(verb: str, plural: str) -> Answer:
    return status(403, f'{plural}.argoproj.io is forbidden: User "eve" cannot {verb} resource "{plural}" in the namespace "flows"')


DEPLOYS = "who deploys needs the verbs get, create and patch on workflowtemplates and cronworkflows, and delete on cronworkflows"
RUNS = "who starts, follows and stops runs needs the verbs get, list, create and patch on workflows (group argoproj.io)"


@pytest.mark.parametrize(
    ("command", "refused", "answer", "said"),
    [
        (("trigger", "FLOW"), "POST workflows", forbidden("create", "workflows"), RUNS),
        (("stop", "Doubles/one"), "PATCH workflows", forbidden("patch", "workflows"), RUNS),
        (("stop", "Doubles/one"), "GET workflows", forbidden("get", "workflows"), RUNS),
        (("delete", "FLOW"), "GET workflows", forbidden("list", "workflows"), RUNS),
        (("trigger", "FLOW"), "GET workflowtemplates", forbidden("get", "workflowtemplates"), f"{DEPLOYS} (group argoproj.io)"),
        (("list",), "GET cronworkflows", forbidden("list", "cronworkflows"), "also needs delete and list on both (group argoproj.io)"),
        (("delete", "FLOW"), "DELETE", forbidden("delete", "workflowtemplates"), "also needs delete and list on both"),
        (("trigger", "FLOW"), "POST", status(503, "the server is busy"), "the server is busy"),
        (("stop", "Doubles/one"), "PATCH", status(409, "the object has been modified", "Conflict"), "the object has been modified"),
        (("list",), "GET", (200, "<html>log in</html>"), "what answers is not Kubernetes"),
        (("list",), "GET", (200, "[]"), "what answers is not Kubernetes"),
    ],
)  # fmt: skip
def test_what_the_cluster_refuses_is_said(work: Work, command: tuple[str, ...], refused: str, answer: Answer, said: str) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "one")
    before = dict(work.cluster.objects)
    work.cluster.refusals[refused] = answer
    ended = work(*command)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(f"flowport {command[0]}: the cluster of context `here` does not ")
    assert said in ended.err
    assert work.cluster.objects == before


@pytest.mark.parametrize(
    "command",
    [("trigger", "FLOW"), ("stop", "Doubles/one"), ("list",), ("list", "FLOW"), ("rollback", "FLOW"), ("delete", "FLOW")],
)
def test_a_cluster_that_does_not_answer_is_said(work: Work, command: tuple[str, ...]) -> None:
    work("deploy", "FLOW")
    work.change(str(work.cluster.server.server_port), "9", "kubeconfig")
    ended = work(*command)
    assert (ended.status, ended.out) == (1, "")
    assert "the cluster of context `here` does not answer: " in ended.err
    assert "try `kubectl cluster-info`" in ended.err


def test_a_status_says_what_the_store_has_where_the_cluster_does_not_answer(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--run-id", "one")
    work.run("one")
    work.change(str(work.cluster.server.server_port), "9", "kubeconfig")
    shown = work("status", "Doubles/one")
    assert shown.status == 0
    assert shown.out.startswith("Doubles/one: done")
    assert "argo: the cluster of context `here` does not answer" in shown.out
    del work.cluster.objects["workflows/one"]
    work.cluster.kubeconfig(work.desk.folder / "kubeconfig")
    assert "argo: has no such run, or none any more" in work("status", "Doubles/one").out


# Projects, and from Python


def test_a_branch_of_a_project_is_operated_alone(work: Work) -> None:
    work.change("Parameter, step", "Parameter, project, step")
    work.change("class Doubles", '@project(name="demo")\nclass Doubles')
    for branch in ("a", "b"):
        assert work("deploy", "FLOW", "--branch", branch).status == 0
    assert [each["flow"] for each in json.loads(work("list", "--json").out)] == ["demo.test.a.Doubles", "demo.test.b.Doubles"]
    started = work("trigger", "FLOW", "--branch", "a", "--run-id", "one")
    assert started.out.splitlines()[0] == "Doubles/demo.test.a-one"
    assert work.run("one") == "Succeeded"
    assert "argo: Succeeded" in work("status", "Doubles/demo.test.a-one").out
    assert work("delete", "FLOW", "--branch", "b").status == 0
    assert [each["flow"] for each in json.loads(work("list", "--json").out)] == ["demo.test.a.Doubles"]


def test_a_flow_is_deployed_started_and_found_from_python(work: Work) -> None:
    deployed = Deployer(work.file, show_output=False).argo_workflows().create()
    assert (deployed.name, deployed.flow_name) == ("doubles", "Doubles")
    started = deployed.trigger(size=4)
    assert (started.status, started.is_running, started.run) == ("Pending", True, None)
    work.run(started.name)
    started.wait_for_completion(check_interval=1, timeout=60)
    assert (started.status, started.is_running) == ("Succeeded", False)
    run = started.wait_for_run(check_interval=1, timeout=60)
    assert run.data.total == 12
    assert started.terminate()
    with pytest.raises(RuntimeError, match="size"):
        deployed.trigger(size="many")

    found = DeployedFlow.from_deployment("doubles")
    assert (found.name, found.flow_name) == ("doubles", "Doubles")
    again = found.trigger(size=2)
    assert work.run(again.name) == "Succeeded"
    assert again.run is not None
    assert again.run.data.total == 2
    known = DeployedFlow.get_triggered_run("doubles", again.name)
    assert (known.pathspec, known.status) == (again.pathspec, "Succeeded")
    assert [each.name for each in DeployedFlow.list_deployed_flows("Doubles")] == ["doubles"]
    with pytest.raises(RuntimeError, match="has no parameter `other`"):
        found.trigger(other=1)

    assert found.delete()
    assert not found.delete()
    with pytest.raises(RuntimeError, match="there is no workflowtemplates/doubles"):
        found.trigger()
    with pytest.raises(MetaflowException, match="no flow is deployed as"):
        DeployedFlow.from_deployment("doubles")


def test_a_workflow_has_only_fields_that_argo_knows(work: Work) -> None:
    work("deploy", "FLOW")
    work("trigger", "FLOW", "--size", "5", "--run-id", "one", "--tag", "nightly")
    made: Any = work.cluster.show("workflows/one")
    about = {name: value for name, value in made["metadata"].items() if name in ("name", "namespace", "labels", "annotations")}
    made = {**made, "metadata": about}
    assert models.Workflow.model_validate(made).model_dump(mode="json", by_alias=True, exclude_none=True) == made
