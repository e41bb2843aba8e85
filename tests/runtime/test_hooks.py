"""The end of a run: what receivers are told, receivers that do not listen, and exit hooks in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.hooks import command, functions, receivers
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.hooks.message import message, sentence
from flowport.runtime.hooks.receivers import NotSent, send
from flowport.runtime.protocol import FAILED, GATE, VersionError
from flowport.runtime.records.hooks import HookOutcome, read_outcomes
from flowport.runtime.store.keys import Keys
from progress import gone, until
from receiver import HANGS, Receiver, refused, without_time
from solo import Broken, Solo

FLOW = """
from flowport import exit_hook

def tell(run):
    print("told of", run.pathspec, run.successful, current.run_id)

def complain():
    raise ValueError("nobody listens")

def stop():
    import os
    os._exit(7)

def give_up():
    raise SystemExit("no credentials")

def leave():
    raise SystemExit

@exit_hook(on_success=[tell, complain, stop, give_up, leave], on_error=[tell])
class TrainFlow(FlowSpec):
    password = Parameter("password", default="hunter2")

    @step
    def start(self):
        self.secret = self.password
        self.next(self.train)

    @step
    def train(self):
        assert self.password == "hunter2", self.password
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TOLD = {"flow": "F<1>", "run": "1", "target": "argo", "status": "failed", "steps": ["train"], "time": "now", "command": "flowport status F"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "PAUSE", 0.0)


def webhook(address: str, kind: str = "webhook", **more: str) -> dict[str, str]:
    return {"kind": kind, "on": "failure", "name": "x", "address": address, **more}


def ending(solo: Solo, **more: str) -> Ending:
    return Ending(flow=solo.flow, run="1", store=solo.store.url, code=solo.package.digest, target="argo", again=" --target argo", **more)


def hooks(solo: Solo, **more: str) -> subprocess.CompletedProcess[str]:
    """What a container does at the end of a run."""
    environment = {**os.environ, **ending(solo, **more).variables()}
    words = [sys.executable, "-m", "flowport.runtime", "hooks"]
    return subprocess.run(words, env=environment, cwd=solo.store.url, capture_output=True, text=True)


def failed(folder: Path) -> Solo:
    solo = Solo(folder, FLOW)
    with pytest.raises(Broken):
        solo.run(parameters={"password": "swordfish"})
    return solo


def test_a_message_says_where_a_run_failed_and_nothing_that_may_be_secret(tmp_path: Path) -> None:
    solo = failed(tmp_path)
    keys = Keys(solo.flow, "1")
    told = message(ending(solo), "failed", solo.store, keys)
    assert without_time(told) == {
        "flow": "TrainFlow",
        "run": "1",
        "target": "argo",
        "status": "failed",
        "steps": ["train"],
        "command": "flowport status TrainFlow/1 --target argo",
    }
    assert "swordfish" in str(solo.reader().artifacts("start", "r")), "the run has the value"
    assert "swordfish" not in json.dumps(told) + sentence(told)
    assert sentence({**told, "time": "NOW"}) == "*TrainFlow/1* failed in `train` on argo, NOW\n`flowport status TrainFlow/1 --target argo`"


def test_a_step_whose_task_was_killed_without_a_word_is_named(tmp_path: Path) -> None:
    solo = Solo(tmp_path, FLOW)
    solo.perform("start")
    keys = Keys(solo.flow, "1")
    solo.store.create(keys.log("train", "s", 0, 0), b"Killed")
    solo.store.create(keys.log("start", "s", 0, 0), b"")
    assert message(ending(solo), "failed", solo.store, keys)["steps"] == ["train"]
    assert message(ending(solo), "done", solo.store, keys)["steps"] == []


def test_a_webhook_gets_json_and_slack_a_text() -> None:
    with Receiver() as receiver:
        send(webhook(receiver.address), TOLD)
        send(webhook(receiver.address, "slack"), TOLD)
    assert receiver.bodies == [TOLD, {"text": "*F&lt;1&gt;/1* failed in `train` on argo, now\n`flowport status F`"}]


def test_the_address_may_be_in_a_variable_or_in_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    where = {"kind": "webhook", "on": "failure", "name": "x"}
    with Receiver() as receiver:
        monkeypatch.setenv("ALERTS", f"{receiver.address}\n")
        send({**where, "variable": "ALERTS"}, TOLD)
        for text in (receiver.address, json.dumps({"url": receiver.address})):
            monkeypatch.setattr(receivers, "get_secret", lambda source, text=text: asked.append(source) or {"alerts": text})
            send({**where, "secret": "aws-secrets-manager.alerts"}, TOLD)
    assert receiver.bodies == [TOLD] * 3
    assert asked[0] == {"type": "aws-secrets-manager", "id": "alerts", "options": {"json": False}}
    with pytest.raises(NotSent, match="there is no address"):
        send({**where, "variable": "NOWHERE"}, TOLD)


@pytest.mark.parametrize(
    ("statuses", "tries", "problem"),
    [((500, 503), 3, ""), ((429,), 2, ""), ((500, 500, 500, 200), 3, "it answers 500"), ((404,), 1, "it answers 404")],
)
def test_a_receiver_that_is_down_for_a_moment_is_told_again(statuses: tuple[int, ...], tries: int, problem: str) -> None:
    with Receiver(*statuses) as receiver:
        if problem:
            with pytest.raises(NotSent, match=problem):
                send(webhook(receiver.address), TOLD)
        else:
            send(webhook(receiver.address), TOLD)
    assert len(receiver.bodies) == tries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with Receiver(status) as receiver, pytest.raises(NotSent, match=f"^it answers {status}$"):
        send(webhook(receiver.address), TOLD)
    assert (receiver.bodies, receiver.redirected) == ([TOLD], [])


def test_a_receiver_that_hangs_or_is_not_there_takes_a_limited_time_and_its_address_is_not_printed() -> None:
    said = []
    with Receiver(HANGS) as receiver:
        for address in (receiver.address, refused(), "T0K3N", "http://T0K3N host/", "http://[T0K3N"):
            with pytest.raises(NotSent) as found:
                send(webhook(address), TOLD, seconds=0.5)
            said.append(str(found.value))
    assert "has not answered within 0.5 seconds" in said[0]
    assert "ConnectionRefusedError" in said[1]
    assert "no address that begins with" in said[2]
    assert "T0K3N" not in "".join(said)
    assert len(said) == 5


@pytest.mark.parametrize("failing", ["_posted", "_address"])
def test_an_error_of_flowport_is_seen_without_the_address_and_the_next_receiver_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], failing: str
) -> None:
    """`_posted` runs in a thread of its own."""
    solo, real, address = failed(tmp_path), getattr(receivers, failing), "http://example.com/T0K3N/x"

    def broken(first: Any, *more: Any) -> Any:
        if address in str(first):
            raise LookupError(address)
        return real(first, *more)

    monkeypatch.setattr(receivers, failing, broken)
    capfd.readouterr()
    with Receiver() as receiver:
        listed = [webhook(address), webhook(receiver.address)]
        found = command._receivers(ending(solo, receivers=json.dumps(listed)), "failed", solo.store, Keys(solo.flow, "1"))
        assert [one.error for one in found] == ["flowport fails on it: LookupError", ""]
    assert len(receiver.bodies) == 1
    err = capfd.readouterr().err
    assert "in broken\n" in err
    assert "example.com" not in err


def test_hooks_of_a_run_that_is_done_are_called_each_and_one_that_fails_is_seen(tmp_path: Path) -> None:
    solo = Solo(tmp_path, FLOW)
    solo.run()
    before = solo.everything()
    with Receiver() as receiver:
        listed = [webhook(receiver.address), webhook(receiver.address, on="success", name="slack env:ALERTS")]
        done = hooks(solo, status="Succeeded", receivers=json.dumps(listed))
    assert done.returncode == 1
    assert done.stdout == "told of TrainFlow/1 True 1\n"
    assert read_outcomes(solo.store, Keys(solo.flow, "1")) == [
        HookOutcome("exit hook `tell`", ""),
        HookOutcome("exit hook `complain`", "ValueError: nobody listens"),
        HookOutcome("exit hook `stop`", "its process ended with exit code 7"),
        HookOutcome("exit hook `give_up`", "SystemExit: no credentials"),
        HookOutcome("exit hook `leave`", ""),
        HookOutcome("the message to `slack env:ALERTS`", ""),
    ]
    assert "exit hook `complain` failed: ValueError: nobody listens" in done.stderr
    assert 'in complain\n    raise ValueError("nobody listens")' in done.stderr
    assert "functions.py" not in done.stderr
    assert [told["status"] for told in receiver.bodies] == ["done"]
    assert solo.everything() == before
    assert solo.reader().ended


def test_hooks_of_a_run_that_failed_get_the_run_and_the_store_knows_the_end_where_no_engine_says_it(tmp_path: Path) -> None:
    solo = failed(tmp_path)
    done = hooks(solo)
    assert (done.returncode, done.stdout) == (0, "told of TrainFlow/1 False 1\n"), done.stderr
    assert read_outcomes(solo.store, Keys(solo.flow, "1")) == [HookOutcome("exit hook `tell`", "")]


def test_nothing_is_done_where_the_engine_began_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an execution does that a schedule started while another one was running. The environment of the hooks is not even made."""
    monkeypatch.delattr(command, "_enter")
    solo = Solo(tmp_path, FLOW)
    assert command.main(ending(solo, status="SUCCEEDED").argv()[1:]) == 0
    assert "the engine began no run" in capsys.readouterr().err
    solo.store.create(Keys(solo.flow, "1").route(GATE, "s", 0), b"{}")
    assert command.main(ending(solo, status="FAILED").argv()[1:]) == 0
    assert capsys.readouterr().err == ""
    assert read_outcomes(solo.store, Keys(solo.flow, "1")) == []


def test_a_hook_that_takes_too_long_is_killed_with_all_that_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os, sys, time; os.fork(); print(os.getpid(), flush=True); time.sleep(600)"
    monkeypatch.setattr(functions, "RUNTIME", ["-c", program])
    source, sink = os.pipe()
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **named: real(*given, stdout=sink, **named))
    assert functions.call(Ending(), ":x", seconds=1.0) == "it was killed, as it took longer than 1 seconds"
    os.close(sink)
    with open(source) as printed:
        pids = [int(line) for line in printed]
    assert len(pids) == 2
    for pid in pids:
        until(lambda pid=pid: gone(pid), "what the hook has started to end")


def test_receivers_are_told_where_no_environment_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails for the same reason, so that this is what somebody waits to hear of."""

    def refuse(ending: Ending, program: object) -> None:
        raise EnvironmentProblem("no index answers")

    solo = failed(tmp_path)
    monkeypatch.setattr(command, "_enter", refuse)
    with Receiver() as receiver:
        assert command._run(ending(solo, status="Failed", receivers=json.dumps([webhook(receiver.address)]))) == FAILED
        assert [told["status"] for told in receiver.bodies] == ["failed"]
    assert read_outcomes(solo.store, Keys(solo.flow, "1")) == [
        HookOutcome("exit hook `tell`", "no index answers"),
        HookOutcome("the message to `x`", ""),
    ]
    with pytest.raises(EnvironmentProblem):
        command._run(ending(solo, status="Failed", function=":tell"))


def test_a_command_that_is_not_understood_is_refused() -> None:
    for argv, problem in (
        (["--flow", "F"], "option `--run` is missing"),
        (["--strange", "1"], "no `--strange`"),
        (["--flow"], "no `--flow`"),
    ):
        with pytest.raises(VersionError, match=problem):
            Ending.parse(argv, {})
    given = {"FLOWPORT_FLOW": "F", "FLOWPORT_STORE": "s", "FLOWPORT_CODE": "c", "FLOWPORT_PROTOCOL": "99"}
    with pytest.raises(VersionError, match="a newer version"):
        Ending.parse(["--run", "1"], given)
    assert Ending.parse(["--run", "2"], {**given, "FLOWPORT_RUN": "1", "FLOWPORT_PROTOCOL": "2"}).run == "2"


def test_threads_that_wait_for_a_receiver_do_not_keep_a_process_alive() -> None:
    with Receiver(HANGS) as receiver:
        before = set(threading.enumerate())
        with pytest.raises(NotSent):
            send(webhook(receiver.address), TOLD, seconds=0.2)
        waiting = set(threading.enumerate()) - before
        assert waiting
        assert all(thread.daemon for thread in waiting)
