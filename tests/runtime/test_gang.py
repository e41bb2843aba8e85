"""Gangs: nodes run at once and find each other, end well together or not at all, and none of them outlives its task."""

from __future__ import annotations

import os
import signal
import subprocess
import textwrap
from collections import Counter
from pathlib import Path

import pytest

import progress
from flowport.runtime.process.nodes import devices
from flowport.runtime.protocol import DONE, FAILED, STOP
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import Keys
from gang_flow import GANG, MEET
from solo import Broken, Solo


def gang(folder: Path, body: str, decorators: str = "") -> Solo:
    """A flow whose gang does `body` on each of its three nodes."""
    source = GANG.format(decorators=decorators, body=textwrap.indent(textwrap.dedent(body), 8 * " "), notes=str(folder / "notes"))
    return Solo(folder, MEET + source)


def notes(flow: Solo) -> list[str]:
    """What ran, as node/attempt."""
    return sorted((flow.path("").parent / "notes").read_text().split())


def printed(flow: Solo) -> tuple[int, str]:
    """The exit code and the output of the task of the gang as a container runs it."""
    assert flow.perform("start") == DONE
    done = subprocess.run(flow.command("train", "s.0"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def of_node(node: int, output: str) -> list[str]:
    """The lines that a node printed."""
    return [line.removeprefix(f"[node {node}] ") for line in output.splitlines() if line.startswith(f"[node {node}] ")]


PARAMETER = 'size = Parameter("size", type=int, default=3)'
RETRY = "@retry(times=1, minutes_between_retries=0)"
ONCE = "if node == 1 and tried == 0:\n    "
ENDINGS = {
    "raise ValueError('it is broken')": "ValueError: it is broken",
    "sys.exit('no more')": "SystemExit: no more",
    "sys.exit(3)": "SystemExit: 3",
    "os._exit(7)": "Killed: node 1 ended with exit code 7",
    "os._exit(0)": "Killed: node 1 ended with exit code 0",
    "os.kill(os.getpid(), signal.SIGKILL)": "Killed: node 1 ended with signal SIGKILL",
    "os.kill(os.getpid(), signal.SIGSEGV)": "Killed: node 1 ended with signal SIGSEGV",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_node_that_dies_ends_the_others(tmp_path: Path, ending: str) -> None:
    """They wait for it, and would do so for ever."""
    flow = gang(tmp_path, ONCE + ending + "\nmeet()", RETRY)
    code, output = printed(flow)
    assert code == FAILED
    assert ENDINGS[ending] in output.splitlines() or f"[node 1] {ENDINGS[ending]}" in output.splitlines()
    assert "flowport: node 1 of 3 of step `train` failed: the other nodes are ended" in output
    assert "flowport: step `train` failed for 1 of 3 items: r.1" in output


@pytest.mark.parametrize("ending", list(ENDINGS)[::2])
def test_the_attempt_after_one_with_a_node_that_died_runs_all_of_them(tmp_path: Path, ending: str) -> None:
    flow = gang(tmp_path, ONCE + ending + "\nmeet()", RETRY)
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, 1, 2]
    assert {"1/0", "0/1", "1/1", "2/1"} <= {*notes(flow)}


def test_what_a_node_prints_has_its_name(tmp_path: Path) -> None:
    body = """
        print("out", node)
        print("err", node, file=sys.stderr)
        os.write(1, b"no end of line")
        os.system("echo child")
    """
    code, output = printed(gang(tmp_path, body))
    assert code == DONE
    for node in range(3):
        assert of_node(node, output) == [f"out {node}", f"err {node}", "no end of linechild"]


def test_a_long_output_of_nodes_is_whole(tmp_path: Path) -> None:
    """Also what a node prints when it leaves, more than a pipe holds."""
    body = """
        import atexit
        for number in range(20_000):
            os.write(1, f"{number:010}\\n".encode())
        atexit.register(print, "y" * 500_000)
    """
    code, output = printed(gang(tmp_path, body))
    assert code == DONE
    for node in range(3):
        own = of_node(node, output)
        assert own[:20_000] == [f"{number:010}" for number in range(20_000)]
        assert "".join(own[20_000:]) == "y" * 500_000


def test_a_process_that_a_node_leaves_behind_does_not_keep_its_task(tmp_path: Path) -> None:
    code, output = printed(gang(tmp_path, "os.system('sleep 600 &')\nprint('done')"))
    assert (code, of_node(2, output)) == (DONE, ["done"])


def test_only_what_failed_by_itself_is_recorded(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 2:\n    raise ValueError('it is broken')\nmeet()")
    with pytest.raises(Broken, match=r"train/s\.0 ended with 1"):
        flow.run()
    found = failures(flow.store, Keys("Gang", "1"))
    assert [(failure["item"], failure["message"], failure["last"]) for failure in found] == [("r.2", "it is broken", True)]


def test_a_gang_that_failed_leaves_no_results_of_its_nodes(tmp_path: Path) -> None:
    """Nodes 0 and 1 are done when node 2 fails, and run again all the same."""
    done = str(tmp_path / "done")
    body = f"""
        if node == 2 and tried == 0:
            while not os.path.exists({done!r}) or len(open({done!r}).read()) < 2:
                time.sleep(0.01)
            raise ValueError("it is broken")
        with open({done!r}, "a") as file:
            file.write("x")
    """
    flow = gang(tmp_path, body, RETRY)
    flow.run()
    assert notes(flow) == [f"{node}/{tried}" for node in range(3) for tried in range(2)]


def test_a_node_that_does_not_want_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowport.runtime.task.supervise.GRACE", 0.2)
    ready = str(tmp_path / "ready")
    body = f"""
        if node == 0 and tried == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            open({ready!r}, "w").close()
            time.sleep(600)
        if node == 1 and tried == 0:
            while not os.path.exists({ready!r}):
                time.sleep(0.01)
            raise ValueError("it is broken")
    """
    flow = gang(tmp_path, body, RETRY)
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, 1, 2]


def test_the_steps_of_nodes_may_clean_up_when_they_are_ended(tmp_path: Path) -> None:
    place = str(tmp_path / "cleaned")
    body = f"""
        try:
            meet()
            if node == 2:
                raise ValueError("it is broken")
            time.sleep(600)
        finally:
            with open({place!r}, "a") as file:
                file.write(str(node))
    """
    with pytest.raises(Broken):
        gang(tmp_path, body).run()
    assert sorted(Path(place).read_text()) == ["0", "1", "2"]


def test_a_catch_takes_the_place_of_a_node_and_the_others_go_on_as_in_metaflow(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 1:\n    raise ValueError(f'attempt {tried}')", RETRY + "\n    @catch(var='why')")
    flow.run()
    found = flow.artifacts("end")
    assert found["nodes"] == [0, None, 2]
    assert [why and str(why) for why in found["whys"]] == [None, "ValueError: attempt 1", None]


def test_a_catch_takes_the_place_of_a_node_that_was_killed(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 1:\n    os.kill(os.getpid(), signal.SIGKILL)", "@catch(var='why')")
    flow.run()
    found = flow.artifacts("end")
    assert found["nodes"] == [0, None, 2]
    assert "node 1 ended with signal SIGKILL" in str(found["whys"][1])


def test_nodes_that_wait_for_one_that_never_comes_end_by_their_timeout(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node != 2:\n    meet()", "@timeout(seconds=1)")
    code, output = printed(flow)
    assert code == FAILED
    message = "step `train` ran longer than its timeout of 1 seconds"
    assert f"TimeoutException: {message}" in output
    found = failures(flow.store, Keys("Gang", "1"))
    assert ("TimeoutException", message) in [(failure["type"], failure["message"]) for failure in found]


def test_as_many_nodes_run_at_once_as_the_flow_says_whatever_the_machine_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_MAX_WORKERS", "1")
    flow = gang(tmp_path, "meet()")
    flow.run(parameters={"size": 20})
    assert flow.artifacts("end")["nodes"] == list(range(20))
    assert flow.performed == [("start", "s"), ("train", "s.0"), ("join", "s"), ("end", "s")]


@pytest.mark.parametrize("width", [1, 2])
def test_a_gang_is_never_cut(tmp_path: Path, width: int) -> None:
    flow = gang(tmp_path, "meet()")
    flow.width = flow.total = width
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, 1, 2]


BATCHED = """
import os
from flowport import parallel

class Batched(FlowSpec):
    @step
    def start(self):
        self.sizes = [2, 1, 3, 2]
        self.next(self.each, foreach="sizes")

    @step
    def each(self):
        self.size = self.input
        self.next(self.train, num_parallel=self.size)

    @retry(times=1, minutes_between_retries=0)
    @parallel
    @step
    def train(self):
        with open({notes!r}, "a") as file:
            file.write(f"{{self.size}}:{{current.parallel.node_index}} ")
        if self.size == 3 and current.retry_count == 0:
            raise ValueError
        self.seen = (current.task_id, *current.parallel[1:])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.seen = [one.seen for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_the_gangs_of_one_task_run_one_after_the_other_and_those_that_are_done_are_not_repeated(tmp_path: Path) -> None:
    flow = Solo(tmp_path, BATCHED.format(notes=str(tmp_path / "notes")))
    flow.width = 2
    flow.run()
    seen = [[(f"r.{place}.{node}", size, node, f"r.{place}.0") for node in range(size)] for place, size in enumerate([2, 1, 3, 2])]
    assert flow.artifacts("end")["seen"] == seen
    ran = Counter((tmp_path / "notes").read_text().split())
    assert {note: times for note, times in ran.items() if note[0] != "3"} == {"1:0": 1, "2:0": 2, "2:1": 2}
    assert flow.performed.count(("train", "s.0.0")) == 1
    assert flow.performed.count(("train", "s.1.0")) == 2


@pytest.mark.parametrize("value", ["0", "-1", "1001", "'2'", "1.5", "True", "None", "[2]"])
def test_a_number_of_nodes_that_the_run_knows_to_be_wrong_is_an_error(
    tmp_path: Path, value: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = GANG.format(decorators="", body="        pass", notes="").replace(PARAMETER, "")
    source = source.replace("self.kept =", f"self.size = 1; self.size = {value}; self.kept =")
    with pytest.raises(Broken, match="start/s ended with 1"):
        Solo(tmp_path, source).run()
    printed = capfd.readouterr().err
    assert f"`num_parallel` of step `start` is {value}, and no whole number from 1 to 1,000" in printed


def test_a_resumed_run_takes_over_a_whole_gang_or_runs_all_of_it_again(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    flow.run("1")
    flow.run("2", origin_run="1")
    assert notes(flow) == ["0/0", "1/0", "2/0"]
    flow.run("3", origin_run="1", parameters={"size": 2})
    assert notes(flow) == sorted(["0/0", "1/0", "2/0", "0/0", "1/0"])
    assert flow.artifacts("end", run="3")["nodes"] == [0, 1]


def test_a_resumed_run_takes_nothing_from_a_gang_of_which_one_node_failed(tmp_path: Path) -> None:
    place = tmp_path / "broken"
    place.touch()
    flow = gang(tmp_path, f"meet()\nif node == 1 and os.path.exists({str(place)!r}):\n    raise ValueError")
    with pytest.raises(Broken):
        flow.run("1")
    place.unlink()
    flow.run("2", origin_run="1")
    assert notes(flow) == sorted(["0/0", "1/0", "2/0"] * 2)
    assert flow.artifacts("end", run="2")["nodes"] == [0, 1, 2]


def test_variables_of_a_node_are_there_when_its_module_is_imported(tmp_path: Path) -> None:
    body = GANG.format(decorators="", body="        self.early = EARLY", notes=str(tmp_path / "notes"))
    flow = Solo(tmp_path, "EARLY = __import__('os').environ.get('RANK')\n" + body)
    flow.run(apart=True)
    assert [flow.artifacts("train", f"r.{node}")["early"] for node in range(3)] == ["0", "1", "2"]


def test_a_node_whose_artifact_cannot_be_stored_fails_its_gang(tmp_path: Path) -> None:
    body = """
        meet()
        if node == 1:
            self.file = open(os.devnull)
        else:
            time.sleep(600)
    """
    flow = gang(tmp_path, body)
    with pytest.raises(Broken):
        flow.run()
    (found,) = failures(flow.store, Keys("Gang", "1"))
    assert (found["item"], "sets `self.file`, which cannot be stored" in found["message"]) == ("r.1", True)


def test_no_node_outlives_a_task_that_is_killed(tmp_path: Path) -> None:
    place = tmp_path / "pids"
    flow = gang(tmp_path, f"open({str(place)!r}, 'a').write(f'{{os.getpid()}} ')\ntime.sleep(600)")
    assert flow.perform("start") == DONE
    task = os.fork()
    if not task:
        flow.perform("train", "s.0")
        os._exit(0)
    progress.until(lambda: place.exists() and len(place.read_text().split()) == 3)
    os.kill(task, signal.SIGKILL)
    os.waitpid(task, 0)
    for pid in place.read_text().split():
        progress.until(lambda pid=pid: progress.gone(int(pid)))


def test_hundreds_of_nodes_run_at_once(tmp_path: Path) -> None:
    """More than what the pipes between the processes of a task hold at once."""
    flow = gang(tmp_path, "self.filled = os.urandom(2000)")
    flow.run(parameters={"size": 150})
    assert flow.artifacts("end")["nodes"] == list(range(150))


def test_a_gang_with_more_nodes_than_open_files_stops_with_a_message(tmp_path: Path) -> None:
    flow = gang(tmp_path, "pass")
    assert flow.perform("start") == DONE
    command = ["sh", "-c", 'ulimit -n 70; exec "$@"', "sh", *flow.command("train", "s.0")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == STOP
    assert "a gang of 3 nodes in one container needs 75 open files, and this one may have 70: allow more (`ulimit -n`)" in done.stdout


KILL_THE_TASK = """
    if node == 1 and tried == 0:
        meet()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    meet()
"""


def test_a_gang_whose_whole_task_was_killed_runs_again(tmp_path: Path) -> None:
    flow = gang(tmp_path, KILL_THE_TASK, RETRY)
    flow.run(apart=True)
    assert flow.artifacts("end")["nodes"] == [0, 1, 2]
    assert notes(flow) == [f"{node}/{tried}" for node in range(3) for tried in range(2)]


def test_a_catch_takes_the_place_of_all_nodes_of_a_gang_whose_task_was_killed(tmp_path: Path) -> None:
    flow = gang(tmp_path, KILL_THE_TASK, "@catch(var='why')")
    flow.run(apart=True)
    found = flow.artifacts("end")
    assert found["nodes"] == [None] * 3
    assert all("the process was killed while the item ran" in str(why) for why in found["whys"])


def test_each_node_sees_its_own_of_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    assert [devices(index, 2, 2) for index in range(2)] == [{"CUDA_VISIBLE_DEVICES": "4,5"}, {"CUDA_VISIBLE_DEVICES": "6,7"}]
    assert [devices(index, 3, 0) for index in range(3)] == [{"CUDA_VISIBLE_DEVICES": one} for one in ("4", "5", "6")]
    assert devices(0, 3, 2) == {}, "too few for all nodes: each sees all of them"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert devices(0, 2, 0) == {}
