"""Gangs whose nodes have a container each: n commands that share nothing but the store."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import progress
from flowport.runtime.protocol import DONE, ENDED, FAILED, STOP
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import NODES, Keys
from gang_containers import Job, Pods, codes
from gang_flow import GANG, MEET
from solo import Solo

CLIENT = """
import sys
from flowport.client import Task, metadata, namespace
namespace(None)
metadata(sys.argv[1])
sys.stdout.write(Task("Gang/1/train/r.1").stdout)
"""

SEVERAL = """
import os, time
from flowport import parallel

class Several(FlowSpec):
    @step
    def start(self):
        self.names = ["a", "b", "c"]
        self.next(self.each, foreach="names")

    @step
    def each(self):
        self.letter = self.input
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        meet()
        self.found = f"{self.letter}{current.parallel.node_index}"
        self.next(self.gathered)

    @step
    def gathered(self, inputs):
        self.found = [one.found for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.found = [one.found for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

RETRY = "@retry(times=1, minutes_between_retries=0)"


def gang(folder: Path, body: str, decorators: str = "") -> Solo:
    """A flow whose gang does `body` on each of its three nodes, and which is as far as that gang."""
    source = GANG.format(decorators=decorators, body=textwrap.indent(textwrap.dedent(body), 8 * " "), notes=str(folder / "notes"))
    flow = Solo(folder, MEET + source)
    assert flow.perform("start") == DONE
    return flow


def joined(flow: Solo) -> list[object]:
    """What the join finds on the nodes."""
    assert flow.perform("join") == DONE
    return flow.artifacts("join")["nodes"]


def errors(flow: Solo) -> dict[str, str]:
    """Type and message of what failed, by item."""
    return {one["item"]: f"{one['type']}: {one['message']}" for one in failures(flow.store, Keys(flow.flow, "1"))}


def test_containers_that_share_the_store_alone_find_each_other_and_commit_once(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    found = Job(flow, "job").begin(2, 1, 0).end()
    assert codes(found) == [DONE] * 3, found
    assert joined(flow) == [0, 1, 2]
    assert flow.store.count(Keys(flow.flow, "1").series("train", "s.0"), ".json") == 1


def test_a_node_that_is_late_is_waited_for(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    job = Job(flow, "job").begin(0, 1)
    keys = Keys(flow.flow, "1")
    progress.until(lambda: flow.store.exists(keys.round("train", "s.0", "job.1") + "1"))
    assert not (tmp_path / "notes").exists()
    assert codes(job.begin(2).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_a_node_that_does_not_come_fails_the_round(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    found = Job(flow, "job", arrival=0.5).begin(0, 1).end()
    assert codes(found) == [FAILED] * 2
    assert "node 2 of 3 of step `train` has not come" in found[0][1]
    assert not (tmp_path / "notes").exists()


def test_a_node_that_raises_ends_the_others_and_the_next_round_runs_all(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 1 and tried == 0:\n    raise ValueError('broken')\nmeet()", RETRY)
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [FAILED] * 3
    assert errors(flow) == {"r.1": "ValueError: broken"}
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3
    assert sorted((tmp_path / "notes").read_text().split()) == ["0/0", "0/1", "1/0", "1/1", "2/0", "2/1"]
    assert joined(flow) == [0, 1, 2]


def test_node_0_that_raises_ends_the_others(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 0:\n    raise ValueError('broken')\nmeet()")
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [FAILED] * 3
    assert errors(flow) == {"r.0": "ValueError: broken"}


def test_the_process_of_a_node_that_is_killed_ends_the_others(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 2:\n    os.kill(os.getpid(), signal.SIGKILL)\nmeet()")
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [FAILED] * 3
    assert errors(flow) == {"r.2": "Killed: node 2 ended with signal SIGKILL"}


def test_a_container_of_which_nothing_is_heard_is_lost(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()\nif node == 2 and tried == 0:\n    time.sleep(1000)\nif tried == 0:\n    time.sleep(1000)", RETRY)
    job = Job(flow, "one", lost=2.0).begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    job.nodes[2].kill()  # also the processes that it started: they watch it
    found = job.end()
    assert codes(found) == [FAILED, FAILED, -signal.SIGKILL]
    assert errors(flow) == {"r.2": "Killed: nothing was heard of node 2 for 2 seconds"}
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_the_others_do_not_outlive_node_0(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if tried == 0:\n    time.sleep(1000)", RETRY)
    job = Job(flow, "one", lost=2.0).begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    job.nodes[0].kill()
    found = job.end()
    assert codes(found) == [-signal.SIGKILL, FAILED, FAILED]
    assert "nothing is heard of node 0 of step `train`" in found[1][1]
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3


def test_a_node_of_an_earlier_round_does_not_take_part_in_the_next(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()", RETRY)
    late = Job(flow, "one", arrival=3.0).begin(2)
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3
    assert codes(late.end()) == [FAILED]
    assert joined(flow) == [0, 1, 2]


def test_catch_continues_in_the_place_of_one_node(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if node == 1:\n    raise ValueError('broken')", '@catch(var="why")')
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [DONE] * 3
    assert joined(flow) == [0, None, 2]
    assert [str(why) for why in flow.artifacts("join")["whys"]] == ["None", "ValueError: broken", "None"]


def test_gangs_of_one_task_follow_each_other_in_the_same_containers(tmp_path: Path) -> None:
    flow = Solo(tmp_path, MEET + SEVERAL)
    flow.width = 1
    assert flow.perform("start") == flow.perform("each", "s.0") == DONE
    found = Job(flow, "one", number=2, slice="s.0.0").begin(0, 1).end()
    assert codes(found) == [DONE] * 2, found
    assert flow.perform("gathered", "s.0") == flow.perform("join") == DONE
    assert flow.artifacts("join")["found"] == [["a0", "a1"], ["b0", "b1"], ["c0", "c1"]]


def test_a_container_that_is_asked_to_end_ends_the_round(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()\nif tried == 0:\n    time.sleep(1000)", RETRY)
    job = Job(flow, "one").begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    job.nodes[1].terminate()
    found = job.end()
    assert codes(found) == [FAILED, ENDED, FAILED]
    assert "node 1 of 3 of step `train` has ended" in found[0][1]
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_the_logs_of_other_nodes_are_below_that_of_node_0(tmp_path: Path) -> None:
    flow = gang(tmp_path, "print('this is node', node)")
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [DONE] * 3
    keys = Keys(flow.flow, "1")
    log = keys.log("train", "s.0", 0, 0)
    assert flow.store.names(keys.logs("train", "s.0")) == [log]
    assert flow.store.names(log + NODES) == [f"{log}{NODES}1", f"{log}{NODES}2"]
    assert flow.store.read(f"{log}{NODES}2") == b"[node 2] this is node 2\n"
    shown = subprocess.run(
        [sys.executable, "-m", "flowport", "logs", "Gang/1/train", "--store", flow.store.url], capture_output=True, text=True
    )
    assert shown.stdout.splitlines() == [f"[node {node}] this is node {node}" for node in range(3)]
    assert shown.stderr == ""
    client = [sys.executable, "-c", CLIENT, flow.store.url]
    assert subprocess.run(client, capture_output=True, text=True).stdout == shown.stdout


def test_a_round_whose_manifest_is_there_already_does_nothing(tmp_path: Path) -> None:
    flow = gang(tmp_path, "pass")
    assert codes(Job(flow, "one").begin(0, 1, 2).end()) == [DONE] * 3
    assert codes(Job(flow, "two").begin(0, 1, 2).end()) == [DONE] * 3
    assert len((tmp_path / "notes").read_text().split()) == 3


def test_a_job_with_another_number_of_nodes_stops(tmp_path: Path) -> None:
    flow = gang(tmp_path, "pass")
    code, output = Job(flow, "one", number=2).begin(0).end()[0]
    assert code == 78
    assert "step `train` has 3 nodes in this run, and the engine started 2: compile the flow again" in output


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("batch", "a multi-node job of AWS Batch, and `AWS_BATCH_JOB_NODE_INDEX` is not set"),
        ("argo", "a gang on Argo, and `FLOWPORT_NODE_INDEX` is not set to a number"),
    ],
)
def test_a_command_of_a_node_outside_of_a_gang_stops(tmp_path: Path, engine: str, message: str) -> None:
    flow = gang(tmp_path, "pass")
    done = subprocess.run(flow.command("train", "s.0", nodes=engine), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 78
    assert f"the command is that of a node of {message}" in done.stdout


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_pods_that_fail_meet_again_in_a_new_round(tmp_path: Path, order: tuple[int, ...]) -> None:
    flow = gang(tmp_path, "if node == 1 and tried == 0:\n    raise ValueError('broken')\nmeet()", RETRY)
    assert codes(Pods(flow, "0").begin(*order).end()) == [FAILED] * 3
    assert errors(flow) == {"r.1": "ValueError: broken"}
    found = Pods(flow, "1").begin(*order).end()
    assert codes(found) == [DONE] * 3, found
    assert joined(flow) == [0, 1, 2]
    keys = Keys(flow.flow, "1")
    rounds = flow.store.names(keys.round("train", "s.0", "pods"))
    assert [key.rpartition("/")[2] for key in rounds] == [f"{number}-{index}" for number in range(2) for index in range(3)]
    for number in range(2):
        log = keys.log("train", "s.0", 0, number)
        assert set(flow.store.names(log + NODES)) <= {f"{log}{NODES}{node}" for node in (1, 2)}


def test_a_pod_that_begins_again_waits_for_the_next_round(tmp_path: Path) -> None:
    """Argo tries the pods again one by one, some of them before others have ended."""
    flow = gang(tmp_path, "if tried == 0:\n    time.sleep(1000)\nmeet()", RETRY)
    first = Pods(flow, "0").begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    first.nodes[2].kill()
    second = Pods(flow, "1").begin(2)
    found = first.end()
    assert codes(found) == [FAILED, FAILED, -signal.SIGKILL]
    assert "node 2 of 3 of step `train` has ended: its container was started again" in found[0][1]
    assert codes(second.begin(0, 1).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_others_hear_that_node_0_begins_again(tmp_path: Path) -> None:
    flow = gang(tmp_path, "if tried == 0:\n    time.sleep(1000)\nmeet()", RETRY)
    first = Pods(flow, "0").begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    first.nodes[0].kill()
    second = Pods(flow, "1").begin(0)
    assert codes(first.end()) == [-signal.SIGKILL, FAILED, FAILED]
    assert codes(second.begin(1, 2).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_a_gang_that_cannot_succeed_stops_with_all_its_pods(tmp_path: Path) -> None:
    flow = gang(tmp_path, "pass", RETRY)
    found = Pods(flow, "0", number=2).begin(0, 1).end()
    assert codes(found) == [STOP] * 2
    assert "step `train` has 3 nodes in this run, and the engine started 2" in found[0][1]
    assert "step `train` failed: the output of node 0 says why" in found[1][1]


def test_a_pod_that_comes_after_node_0_has_failed_ends_at_once(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    assert codes(Pods(flow, "0", arrival=0.2).begin(0, 1).end()) == [FAILED] * 2
    code, output = Pods(flow, "0").begin(2).end()[2]
    assert code == FAILED
    assert "step `train` failed: the output of node 0 says why" in output


def test_a_pod_that_is_tried_again_alone_after_node_0_has_committed_is_done(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    assert codes(Pods(flow, "0").begin(0, 1, 2).end()) == [DONE] * 3
    assert codes(Pods(flow, "0").begin(2).end()) == [DONE]
    assert codes(Pods(flow, "0").begin(0).end()) == [DONE]
    assert len((tmp_path / "notes").read_text().split()) == 3


def test_pods_do_not_wait_for_ever_for_node_0(tmp_path: Path) -> None:
    flow = gang(tmp_path, "meet()")
    found = Pods(flow, "0", arrival=0.2).begin(1, 2).end()
    assert codes(found) == [FAILED] * 2
    assert "node 0 of 3 of step `train` has not come" in found[1][1]


@pytest.mark.parametrize("victim", [0, 2])
def test_a_pod_that_is_killed_ends_the_others_and_the_next_attempt_runs_all(tmp_path: Path, victim: int) -> None:
    flow = gang(tmp_path, "meet()\nif tried == 0:\n    time.sleep(1000)", RETRY)
    job = Pods(flow, "0", lost=2.0).begin(0, 1, 2)
    progress.until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) == 3)
    job.nodes[victim].kill()
    assert codes(job.end()) == [-signal.SIGKILL if index == victim else FAILED for index in range(3)]
    assert codes(Pods(flow, "1").begin(0, 1, 2).end()) == [DONE] * 3
    assert joined(flow) == [0, 1, 2]


def test_gangs_of_several_sizes_share_the_pods_of_the_largest(tmp_path: Path) -> None:
    sizes = SEVERAL.replace("num_parallel=2", "num_parallel=1 + len(self.letter)").replace('["a", "b", "c"]', '["", "bb", "c", "dd"]')
    flow = Solo(tmp_path, MEET + sizes)
    flow.width = 1
    assert flow.perform("start") == DONE
    route = tmp_path / "route.json"
    assert flow.perform("each", "s.0", route=str(route)) == DONE
    assert (route.read_text(), (tmp_path / "route.json.nodes").read_text()) == ('["s.0.0"]', "3")
    found = Pods(flow, "0", number=3, slice="s.0.0").begin(0, 1, 2).end()
    assert codes(found) == [DONE] * 3, found
    assert flow.perform("gathered", "s.0") == flow.perform("join") == DONE
    assert flow.artifacts("join")["found"] == [["0"], ["bb0", "bb1", "bb2"], ["c0", "c1"], ["dd0", "dd1", "dd2"]]
