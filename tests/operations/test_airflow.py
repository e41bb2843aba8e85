"""Flows that are deployed to Airflow: what its REST API is asked for, what becomes of the DAG files, and what goes wrong.

`tests/engines/airflow/test_operations.py` does the same with a real Airflow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desk import Desk, Ended
from flowport import DeployedFlow, Deployer
from flowport.cli import execute
from flowport.runtime.store.open import open_store
from operations.fake_airflow import BASIC, FakeAirflow, fake_airflow

FLOW = '''
from flowport import FlowSpec, JSONType, Parameter, step


class Small(FlowSpec):
    """Counts."""

    size = Parameter("size", default=3)
    more = Parameter("more", default="[]", type=JSONType)

    @step
    def start(self):
        self.number = 1
        self.next(self.end)

    @step
    def end(self):
        pass
'''
SETTINGS = """
[airflow]
compute = "local"
store = "{folder}/store"
dags = "{folder}/dags"
api = "{url}"
"""
FIELDS = {
    "size": {"value": 3, "schema": {"type": "integer"}},
    "more": {"value": [], "schema": {"type": ["array", "null"]}},
    "must": {"value": None, "schema": {"type": "string", "enum": ["a", "b"]}},
    "run_input": {"value": None, "schema": {"type": ["null", "string"]}},
}

Command = Callable[..., Ended]


@pytest.fixture(params=["3.3.2", "2.11.0"])
def airflow(request: pytest.FixtureRequest) -> Iterator[FakeAirflow]:
    with fake_airflow(request.param) as fake:
        fake.add("Small", params=FIELDS)
        yield fake


@pytest.fixture
def desk(tmp_path: Path, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    desk.write("small.py", FLOW)
    desk.write("flowport.toml", SETTINGS.format(folder=tmp_path, url=airflow.url))
    monkeypatch.chdir(tmp_path)
    for name in ("AIRFLOW_API_USER", "AIRFLOW_API_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AIRFLOW_API_TOKEN", "token")
    # Whether Airflow imports the file takes seconds, and is tested elsewhere.
    monkeypatch.setattr("flowport.targets.airflow.deployment.deployer._importable", lambda file: ("", ""))
    return desk


@pytest.fixture
def run(desk: Desk, airflow: FakeAirflow, capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*words: str) -> Ended:
        status = execute([*words, "--target", "airflow"])
        said = capsys.readouterr()
        return Ended(status, *(desk.plain(text).replace(airflow.url, "AIRFLOW") for text in (said.out, said.err)))

    return command


def change(desk: Desk, old: str, new: str, file: str = "small.py") -> None:
    text = (desk.folder / file).read_text()
    assert old in text
    desk.write(file, text.replace(old, new))


# Runs


def test_a_run_is_started_followed_and_stopped(run: Command, airflow: FakeAirflow) -> None:
    new = airflow.version.startswith("3")
    started = run("trigger", "small.py", "--run-id", "one", "--size", "5", "--tag", "nightly")
    page = "AIRFLOW/dags/Small/runs/one" if new else "AIRFLOW/dags/Small/grid?dag_run_id=one"
    assert (started.status, started.out, started.err) == (0, f"Small/one\n{page}\n", "")
    assert airflow.runs["one"]["conf"] == {"size": 5, "run_tags": ["nightly"]}
    shown = run("status", "Small/one")
    assert shown.out == f"Small/one: not begun\nairflow: running, started TIME UTC\n{page}\nstore: DESK/store\n"
    stopped = run("stop", "Small/one")
    assert (stopped.status, stopped.out) == (0, "Small/one: failed, started TIME UTC: stopped by flowport\n")
    assert airflow.runs["one"]["note"] == "stopped by flowport, begun 2026-11-29T02:00:00.000001Z"
    changes = [path for method, path, _ in airflow.asked if method == "PATCH"]
    run("stop", "Small/one")
    assert changes == [path for method, path, _ in airflow.asked if method == "PATCH"]
    document = json.loads(run("status", "Small/one", "--json").out)["engine"]["run"]
    assert (document["state"], document["status"]) == ("stopped", "failed")
    # Its tasks were cleared: it runs again, and then fails by itself.
    airflow.runs["one"]["start_date"] = "2026-11-29T03:00:00Z"
    airflow.failed_tasks = [{"task_id": "train", "map_index": number, "rendered_map_index": f"s.{number}"} for number in range(6)]
    failed = run("status", "Small/one")
    assert "failed: train[s.0], train[s.1], train[s.2], train[s.3], train[s.4] and 1 more" in failed.out
    airflow.runs["one"] |= {"state": "success", "end_date": "2026-11-29T03:00:02Z"}
    assert "airflow: success" in run("status", "Small/one").out
    assert run("stop", "Small/none").status == 2


def test_a_note_of_somebody_else_stays(run: Command, airflow: FakeAirflow) -> None:
    run("trigger", "small.py", "--run-id", "one")
    airflow.runs["one"] |= {"note": "look at\nthis", "state": "queued", "start_date": None}
    assert run("stop", "Small/one").status == 0
    assert airflow.runs["one"]["note"] == "look at\nthis\nstopped by flowport before it began"


def test_a_run_that_airflow_does_not_stop_is_said(run: Command, airflow: FakeAirflow) -> None:
    run("trigger", "small.py", "--run-id", "one")
    airflow.stops, airflow.failed_tasks = False, [{"task_id": "start"}]
    going = run("stop", "Small/one")
    assert (going.status, going.err) == (
        1,
        (
            "flowport stop: Airflow did not stop `one`, as it does not have the file of the DAG `Small` any more\n"
            "  delete the run in Airflow\n"
        ),
    )


def test_a_run_that_is_stopped_goes_on_until_its_exit_hooks_have_ended(run: Command, airflow: FakeAirflow) -> None:
    """Airflow then takes it for a success."""
    run("trigger", "small.py", "--run-id", "one")
    airflow.tasks = {"exit_hooks": "all_success", "exit_hooks_2": "all_done_setup_success"}
    airflow.stops, airflow.failed_tasks = False, [{"task_id": "exit_hooks_2"}]
    going = run("stop", "Small/one")
    assert (going.status, going.out) == (0, "Small/one: running, started TIME UTC\n")
    airflow.runs["one"]["state"] = "success"
    assert "airflow: success, started TIME UTC: stopped by flowport\n" in run("status", "Small/one").out


@pytest.mark.parametrize("tasks", [{}, {"start": "all_success"}, {"start": "all_success", "exit_hooks": "all_done_setup_success"}])
def test_a_run_that_could_not_be_stopped_is_not_shown_as_stopped(run: Command, airflow: FakeAirflow, tasks: dict[str, str]) -> None:
    run("trigger", "small.py", "--run-id", "one")
    airflow.stops, airflow.tasks = False, tasks
    airflow.failed_tasks = [{"task_id": "start"}] if tasks else []
    assert run("stop", "Small/one").status == 1
    airflow.runs["one"]["state"] = "success"
    assert "airflow: success, started TIME UTC\n" in run("status", "Small/one").out


@pytest.mark.parametrize("more", ["null", '{"b": 1, "a": 2}', '["\\u0000"]', '["\\udce9"]', "[Infinity]", json.dumps("x" * 5000)])
def test_what_the_form_cannot_say_goes_through_the_store(run: Command, airflow: FakeAirflow, desk: Desk, more: str) -> None:
    assert run("trigger", "small.py", "--run-id", "one", "--more", more).status == 0
    conf = airflow.runs["one"]["conf"]
    assert set(conf) == {"must", "run_input"}
    assert conf["must"] == "a"
    sha, size = conf["run_input"].split(":")
    assert b'"more"' in bytes(open_store(str(desk.folder / "store")).blob(sha, int(size)))


def test_a_run_that_resumes_another_one_says_so_through_the_store(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    run("trigger", "small.py", "--run-id", "one", "--origin-run", "zero", "--from", "end")
    sha, size = airflow.runs["one"]["conf"]["run_input"].split(":")
    said = json.loads(bytes(open_store(str(desk.folder / "store")).blob(sha, int(size))))
    assert said == {"parameters": {}, "origin_run": "zero", "from": "end"}


def test_a_run_for_a_time_says_so_through_the_store(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    assert run("trigger", "small.py", "--run-id", "one", "--scheduled-time", "2026-03-29T06:30:00+02:00").status == 0
    sha, size = airflow.runs["one"]["conf"]["run_input"].split(":")
    said = json.loads(bytes(open_store(str(desk.folder / "store")).blob(sha, int(size))))
    assert said == {"parameters": {}, "scheduled_time": "2026-03-29T04:30:00+00:00"}


def test_a_run_id_is_used_once(run: Command, airflow: FakeAirflow) -> None:
    assert run("trigger", "small.py", "--run-id", "one", "--size", "4").status == 0
    assert run("trigger", "small.py", "--run-id", "one", "--size", "4").status == 0
    assert len(airflow.runs) == 1
    again = run("trigger", "small.py", "--run-id", "one", "--size", "5")
    assert (again.status, again.err) == (
        1,
        "flowport trigger: the DAG `Small` has had a run `one` before, with another input\n  leave out `--run-id`, or choose another one\n",
    )


def test_a_run_that_would_not_begin_is_not_started(run: Command, airflow: FakeAirflow) -> None:
    airflow.dags["Small"]["is_paused"] = True
    paused = run("trigger", "small.py")
    assert paused.err == (
        "flowport trigger: the DAG `Small` is paused, so Airflow would queue the run and not start it\n"
        "  turn it on in Airflow, or with: airflow dags unpause Small\n"
    )
    del airflow.dags["Small"]
    unknown = run("trigger", "small.py")
    assert unknown.err == (
        "flowport trigger: Airflow has no DAG `Small`, or has not read its file yet, which may take minutes\n"
        "  if the flow is not deployed: flowport deploy FLOW --target airflow\n"
    )
    airflow.import_errors = [
        {"filename": "/dags/Small.py", "stack_trace": "Traceback\n  File ...\nModuleNotFoundError: No module named 'x'\n"}
    ]
    broken = run("trigger", "small.py")
    assert broken.err.startswith("flowport trigger: Airflow cannot import Small.py: ModuleNotFoundError: No module named 'x'\n")
    airflow.import_errors = []
    airflow.add("Small", params={})
    other = run("trigger", "small.py", "--size", "3")
    assert other.err.startswith("flowport trigger: the DAG `Small` that is deployed has no parameter `size`\n  deploy the flow")
    assert not airflow.runs


def test_a_dag_that_is_gone_or_broken_since_is_not_started(run: Command, airflow: FakeAirflow) -> None:
    airflow.add("Small", params=FIELDS, is_stale=True, is_active=False)
    assert "Airflow has no DAG `Small`" in run("trigger", "small.py").err
    airflow.add("Small", params=FIELDS, has_import_errors=True)
    airflow.import_errors = [{"filename": "Small.py", "stack_trace": "SyntaxError: no"}]
    assert "Airflow cannot import Small.py: SyntaxError: no" in run("trigger", "small.py").err


# Versions


def versions(run: Command) -> list[tuple[str, bool]]:
    return [(each["name"], each["is_live"]) for each in json.loads(run("list", "small.py", "--json").out)]


def test_a_flow_goes_back_to_an_earlier_file_and_forward_again(run: Command, desk: Desk) -> None:
    file = desk.folder / "dags" / "Small.py"
    none = run("rollback", "small.py")
    assert none.err == (
        "flowport rollback: `Small` is not deployed: there is no DESK/dags/Small.py\n"
        "  deploy the flow: flowport deploy FLOW --target airflow\n"
    )
    run("deploy", "small.py")
    first = file.read_bytes()
    change(desk, "number = 1", "number = 2")
    run("deploy", "small.py")
    second = file.read_bytes()
    assert run("deploy", "small.py").out == "DESK/dags/Small.py is unchanged\n"
    assert versions(run) == [("2", True), ("1", False)]
    codes = [each["code"] for each in json.loads(run("list", "small.py", "--json").out)]
    assert [len(code) for code in codes] == [6, 6]  # DIGEST, twice

    shown = run("rollback", "small.py", "--diff")
    assert (shown.status, file.read_bytes()) == (1, second)
    assert "+++ DESK/dags/Small.py (version 1)" in shown.out
    back = run("rollback", "small.py")
    assert back.out.startswith("version 2 -> version 1\n--- DESK/dags/Small.py\n")
    assert back.out.endswith("\nDESK/dags/Small.py is changed\n")
    assert file.read_bytes() == first
    assert versions(run) == [("2", False), ("1", True)]
    assert run("rollback", "small.py").err == "flowport rollback: `Small` has no version before 1, which is live\n"
    assert run("rollback", "small.py", "--to", "7").err == "flowport rollback: `Small` has no version 7\n  it has 2, 1\n"
    assert run("rollback", "small.py", "--to", "1").out == "version 1 -> version 1\nDESK/dags/Small.py is unchanged\n"
    run("deploy", "small.py")
    assert file.read_bytes() == second
    assert versions(run) == [("2", True), ("1", False)]


def test_a_file_that_nobody_kept_is_kept_before_it_is_replaced(run: Command, desk: Desk) -> None:
    run("deploy", "small.py")
    file = desk.folder / "dags" / "Small.py"
    own = file.read_bytes().replace(b"Counts.", b"Counts well.")
    file.write_bytes(own)
    assert versions(run) == [("other", True), ("1", False)]
    assert run("rollback", "small.py").out.startswith("version other -> version 1\n")
    assert versions(run) == [("2", False), ("1", True)]
    run("rollback", "small.py", "--to", "2")
    assert file.read_bytes() == own


def test_the_last_ten_files_are_kept_and_the_live_one(run: Command, desk: Desk) -> None:
    for number in range(12):
        desk.write("small.py", FLOW.replace("number = 1", f"number = {number}"))
        run("deploy", "small.py")
    assert versions(run) == [(str(number), number == 12) for number in range(12, 2, -1)]
    run("rollback", "small.py", "--to", "3")
    assert versions(run)[-1] == ("3", True)


def test_two_places_of_one_store_have_versions_of_their_own(run: Command, desk: Desk) -> None:
    run("deploy", "small.py")
    change(desk, "/dags", "/other", "flowport.toml")
    change(desk, "number = 1", "number = 2")
    run("deploy", "small.py")
    assert versions(run) == [("1", True)]


# What is deployed


def test_what_is_deployed_is_listed(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    assert "nothing is deployed" not in run("list").out
    airflow.add("demo.prod.Big", timetable_summary="0 3 * * *", is_paused=True)
    airflow.add("second", dag_display_name="größe", schedule_interval={"__type": "CronExpression", "value": "@daily"})
    for number in range(200):
        airflow.add(f"x{number:03}")
    listed = json.loads(run("list", "--json").out)
    assert [(each["name"], each["flow"], each["schedule"]) for each in listed[:4]] == [
        ("Small", "Small", ""),
        ("demo.prod.Big", "demo.prod.Big", "0 3 * * *, paused"),
        ("second", "größe", "@daily"),
        ("x000", "x000", ""),
    ]
    assert len(listed) == 203


def test_without_the_api_files_are_listed_taken_back_and_removed(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    change(desk, f'api = "{airflow.url}"\n', "", "flowport.toml")
    assert run("list").out == "nothing is deployed\n"
    change(desk, "class Small", '@schedule(cron="30 6 * * MON-FRI", timezone="Europe/Zurich")\nclass Small')
    change(desk, "Parameter, step", "Parameter, schedule, step")
    run("deploy", "small.py")
    desk.write("dags/another.py", "print('not ours')\n")
    desk.write("dags/broken.py", "# Broken, compiled by flowport 0.1.0 from b.py: change that, and compile it again.\nwith DAG(\n")
    assert [line.split("  ")[0] for line in run("list").out.splitlines()] == ["NAME", "Broken", "Small"]
    assert "30 6 * * MON-FRI Europe/Zurich" in run("list").out
    change(desk, "number = 1", "number = 2")
    run("deploy", "small.py")
    assert run("rollback", "small.py").status == 0
    for command in (("trigger", "small.py"), ("stop", "Small/one")):
        assert run(*command).err == (
            f"flowport {command[0]}: the setting `api` is missing, the address of Airflow's web server\n"
            '  write `api = "https://airflow.example.com"` under [airflow] in flowport.toml\n'
        )
    removed = run("delete", "small.py")
    assert [line.rpartition("/")[2] for line in removed.out.splitlines()] == ["Small.py is deleted", removed.out.split("/")[-1].strip()]
    assert run("delete", "small.py").out == "nothing is deployed\n"
    assert not airflow.asked


def test_a_flow_is_removed_from_airflow_and_its_runs_are_stopped(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    run("deploy", "small.py")
    run("trigger", "small.py", "--run-id", "one")
    shown = run("delete", "small.py", "--diff")
    assert (shown.status, "Small" in airflow.dags) == (1, True)
    file, had = desk.folder / "dags" / "Small.py", []
    airflow.say = lambda method, path: had.append(file.exists()) if method == "PATCH" else None
    removed = run("delete", "small.py")
    assert removed.out.splitlines()[:2] == ["DESK/dags/Small.py is deleted", "DAG Small is deleted"]
    assert had
    assert all(had)
    assert (airflow.runs["one"]["state"], airflow.dags) == ("failed", {})
    assert run("delete", "small.py").out == "nothing is deployed\n"
    assert run("list", "small.py").out == "nothing is deployed\n"
    assert len(open_store(str(desk.folder / "store")).names("code/")) == 1


def test_a_dag_with_running_tasks_is_removed_later(run: Command, airflow: FakeAirflow) -> None:
    run("deploy", "small.py")
    airflow.say = lambda method, path: (409, {"detail": "still running"}) if method == "DELETE" else None
    kept = run("delete", "small.py")
    assert (kept.status, kept.err) == (
        1,
        "flowport delete: Airflow keeps `Small` until its tasks have ended\n  delete it again in a minute\n",
    )
    airflow.say = lambda method, path: None
    assert run("delete", "small.py").out.startswith("DAG Small is deleted\n")


def test_what_flowport_did_not_write_stays(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    airflow.dags["Small"]["tags"] = []
    assert run("delete", "small.py").out == "nothing is deployed\n"
    airflow.add("Small", dag_display_name="Other")
    assert run("delete", "small.py").out == "nothing is deployed\n"
    assert "Small" in airflow.dags
    desk.write("dags/Small.py", "# my own\n")
    for command in ("delete", "rollback", "list"):
        refused = run(command, "small.py")
        assert refused.status == 1
        assert "is not a file that flowport wrote for Small, and stays as it is" in refused.err
    assert (desk.folder / "dags" / "Small.py").read_text() == "# my own\n"


@pytest.mark.parametrize(("written", "emitted"), [("", None), ("active", "False"), ("paused", "True")])
def test_a_new_dag_is_paused_or_not(run: Command, desk: Desk, written: str, emitted: str | None) -> None:
    change(desk, "[airflow]", f'[airflow]\nschedule = "{written}"' if written else "[airflow]", "flowport.toml")
    run("deploy", "small.py")
    text = (desk.folder / "dags" / "Small.py").read_text()
    assert (f"is_paused_upon_creation={emitted}," in text) if emitted else ("is_paused_upon_creation" not in text)


# What Airflow, or the way there, has against it


@pytest.mark.parametrize(
    ("status", "document", "said"),
    [
        (
            403,
            {"detail": "Forbidden"},
            "does not let you look at `Small`: Forbidden\n  the user of your credentials needs this permission",
        ),
        (500, "<html>oops</html>", "did not look at `Small`: HTTP 500\n"),
        (200, "<html>hello</html>", "answered with something that is not JSON\n"),
        (200, [1], "answered with something that is not JSON\n"),
        (302, "https://login.example.com/sign?state=abc", "leads elsewhere, to https://login.example.com/sign, where flowport does not"),
        (422, {"detail": [{"loc": ["body", "conf"], "msg": "not so"}]}, "did not look at `Small`: body.conf: not so\n"),
    ],
)
def test_an_answer_of_another_kind_says_what_to_do(run: Command, airflow: FakeAirflow, status: int, document: Any, said: str) -> None:
    airflow.say = lambda method, path: (status, document) if path.endswith("/details") else None
    refused = run("trigger", "small.py")
    assert refused.status == 1
    assert refused.err.startswith("flowport trigger: Airflow at AIRFLOW ")
    assert said in refused.err


def test_credentials_are_asked_for_and_never_shown(run: Command, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    airflow.accepted = "Bearer token" if airflow.version.startswith("3") else BASIC
    monkeypatch.delenv("AIRFLOW_API_TOKEN")
    nobody = run("trigger", "small.py")
    assert nobody.err == (
        "flowport trigger: Airflow at AIRFLOW wants to know who you are\n"
        "  set AIRFLOW_API_TOKEN, or AIRFLOW_API_USER and AIRFLOW_API_PASSWORD in the environment\n"
    )
    monkeypatch.setenv("AIRFLOW_API_USER", "ann")
    monkeypatch.setenv("AIRFLOW_API_PASSWORD", "wrong-secret")
    wrong = run("trigger", "small.py")
    new = airflow.version.startswith("3")
    assert ("does not accept your credentials" if new else "or the credentials are wrong, which Airflow 2 does not tell apart") in wrong.err
    assert "wrong-secret" not in wrong.err
    monkeypatch.setenv("AIRFLOW_API_PASSWORD", "secret")
    assert run("trigger", "small.py").status == 0


def test_a_token_that_expires_while_a_run_is_followed_is_asked_for_again(airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowport.targets.airflow.deployment.api import Api

    airflow.accepted = "Bearer token" if airflow.version.startswith("3") else BASIC
    api = Api(airflow.url, {"AIRFLOW_API_USER": "ann", "AIRFLOW_API_PASSWORD": "secret"})
    assert api.find("look", "/dags/Small") is not None
    expired = iter([(401, {"detail": "expired"})])
    airflow.say = lambda method, path: next(expired, None) if path.endswith("/dags/Small") else None
    assert api.find("look", "/dags/Small") is not None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9", "Airflow at http://127.0.0.1:9 does not answer: "),
        ("airflow.example.com", "the setting `api` is `airflow.example.com`, which is not the address of a web server"),
        ("https://ann:secret@example.com", "the setting `api` contains a user name, and credentials are only in the environment"),
        ("http://exa mple.com", "which is not the address of a web server"),
        ("http://example.com:port", "which is not the address of a web server"),
    ],
)
def test_an_address_that_leads_nowhere_is_said(run: Command, airflow: FakeAirflow, desk: Desk, address: str, said: str) -> None:
    change(desk, airflow.url, address, "flowport.toml")
    for command in (("trigger", "small.py"), ("stop", "Small/one"), ("list",)):
        refused = run(*command)
        assert refused.status == 1
        assert said in refused.err
        assert "secret" not in refused.err
    assert (run("check", "small.py").status == 1) == ("does not answer" not in said)


def test_another_version_or_another_server_is_said(run: Command, airflow: FakeAirflow) -> None:
    airflow.version = "2.9.3"
    assert "flowport trigger: Airflow at AIRFLOW is 2.9.3, and flowport needs 2.10 or later\n" in run("trigger", "small.py").err
    airflow.say = lambda method, path: (200, "<html>hello</html>")
    other = run("trigger", "small.py")
    assert other.err.startswith("flowport trigger: what answers at AIRFLOW is not Airflow 2.10 or later\n")
    airflow.say = lambda method, path: (302, "/login")
    assert "leads elsewhere, to /login" in run("trigger", "small.py").err


def test_the_state_of_the_store_is_shown_when_airflow_does_not_answer(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    change(desk, f'api = "{airflow.url}"\n', "", "flowport.toml")
    shown = run("status", "Small/one")
    assert shown.status == 2 or "the setting `api` is missing" in shown.out


# From Python


def test_a_flow_is_started_and_removed_from_python(run: Command, airflow: FakeAirflow, desk: Desk) -> None:
    deployed = Deployer(str(desk.folder / "small.py"), show_output=False).airflow().create()
    started = deployed.trigger(size=4)
    assert (started.status, started.is_running) == ("running", True)
    assert airflow.runs[started.name]["conf"] == {"size": 4}
    found = DeployedFlow.from_deployment("Small", impl="airflow")
    assert DeployedFlow.get_triggered_run("Small", started.name, impl="airflow").status == "running"
    assert started.terminate()
    assert (started.status, started.is_running) == ("failed", False)
    with pytest.raises(RuntimeError, match="no parameter `other`"):
        found.trigger(other=1)
    assert found.delete()
    assert not found.delete()
