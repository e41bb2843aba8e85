"""`@torchrun`, `@pytorch_parallel`, `@deepspeed`, `@mpi` and `@metaflow_ray`, with programs in the place of those that they start."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from flowport.compiler.compile import load
from flowport.runtime.launchers.command import DeepspeedException, MPIException, RayException, TorchrunException
from flowport.runtime.launchers.deepspeed import Deepspeed
from flowport.runtime.launchers.mpi import MPI
from flowport.runtime.launchers.torchrun import Torchrun, TorchrunSingleNodeMultiGPU
from flowport.runtime.protocol import DONE, FAILED
from flowport.runtime.records.attempts import failures
from flowport.runtime.store.keys import Keys
from solo import Broken, Solo

RECORD = """
import json, os, sys
hosts = next((open(after).read() for before, after in zip(sys.argv, sys.argv[1:]) if before == "--hostfile"), None)
names = ("MASTER_ADDR", "MASTER_PORT", "RANK", "NODE_RANK", "WORLD_SIZE", "CUDA_VISIBLE_DEVICES")
said = {"program": PROGRAM, "args": sys.argv[1:], "hosts": hosts, "env": {name: os.environ.get(name) for name in names}}
with open(os.environ["SAID"], "a") as file:
    file.write(json.dumps(said) + "\\n")
print("said by", PROGRAM)
sys.exit(int(os.environ.get("FAILS", "0")))
"""

RAY = """
import os

def init(address, **more):
    assert address == os.environ["RAY_ADDRESS"]

def nodes():
    return [{"Alive": True} for line in open(os.environ["SAID"])]
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the programs say how they were called; they are on PATH, and the packages are found."""
    programs, packages, file = tmp_path / "bin", tmp_path / "packages", tmp_path / "said"
    programs.mkdir()
    for name in ("deepspeed", "mpirun", "mpiexec", "mpicc"):
        program = programs / name
        program.write_text(f"#!/usr/bin/env python3\nPROGRAM = {name!r}\n{RECORD}")
        program.chmod(0o755)
    for name in ("torch.distributed.run", "ray.scripts.scripts"):
        module = packages.joinpath(*name.split("."))
        module.parent.mkdir(parents=True)
        for folder in [module.parent, *module.parent.parents][: name.count(".")]:
            (folder / "__init__.py").touch()
        module.with_suffix(".py").write_text(f"PROGRAM = {name!r}\n{RECORD}")
    (packages / "ray" / "__init__.py").write_text(RAY)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("SAID", str(file))
    monkeypatch.syspath_prepend(packages)
    return file


def calls(said: Path) -> list[dict[str, Any]]:
    """How the programs were called, by the numbers of their nodes."""
    found = [json.loads(line) for line in said.read_text().splitlines()]
    return sorted(found, key=lambda call: str(call["env"]["RANK"]))


GANG = """
import os, time
from flowport import deepspeed, metaflow_ray, mpi, pytorch_parallel, resources, tensorflow, torchrun

class Gang(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=3)

    {decorators}
    @step
    def train(self):
{body}
        self.node = current.parallel.node_index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.nodes = [getattr(one, "node", None) for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def gang(folder: Path, decorators: str, body: str = "pass") -> Solo:
    """A flow with a gang of three nodes."""
    return Solo(folder, GANG.format(decorators=decorators, body=textwrap.indent(textwrap.dedent(body), 8 * " ")))


def printed(flow: Solo) -> tuple[int, str]:
    """The exit code and the output of the task of the gang as a container runs it."""
    assert flow.perform("start") == DONE
    done = subprocess.run(flow.command("train", "s.0"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def test_torchrun_runs_on_every_node_with_what_describes_the_gang(tmp_path: Path, said: Path) -> None:
    body = 'current.torch.run(entrypoint="train.py", entrypoint_args={"epochs": 3, "bf16": None, "lr": 0.1}, nproc_per_node=2)'
    flow = gang(tmp_path, "@torchrun", body)
    code, output = printed(flow)
    assert code == DONE, output
    for node, call in enumerate(calls(said)):
        address = (call["env"]["MASTER_ADDR"], call["env"]["MASTER_PORT"])
        assert call["args"] == [
            *("--nnodes", "3", "--master_addr", address[0], "--master_port", address[1], "--node_rank", str(node)),
            *("--nproc_per_node", "2", "--rdzv_endpoint", ":".join(address)),
            *("train.py", "--epochs", "3", "--bf16", "--lr", "0.1"),
        ]
        assert f"[node {node}] said by torch.distributed.run" in output


def test_torchrun_takes_options_of_the_decorator_and_of_the_call(tmp_path: Path, said: Path) -> None:
    body = 'current.torch.run({"max_restarts": 2, "standalone": ""}, "train.py", ["--plain", "a b"])'
    gang(tmp_path, "@torchrun(master_port=3339, nproc_per_node=4)", body).run()
    (call, *_) = calls(said)
    options = call["args"]
    assert options[:10] == [
        "--nnodes",
        "3",
        "--master_addr",
        "127.0.0.1",
        "--master_port",
        "3339",
        "--node_rank",
        "0",
        "--nproc_per_node",
        "4",
    ]
    assert options[10:] == ["--max_restarts", "2", "--standalone", "--rdzv_endpoint", "127.0.0.1:3339", "train.py", "--plain", "a b"]


def test_torchrun_on_one_machine(said: Path) -> None:
    TorchrunSingleNodeMultiGPU().run(entrypoint="train.py", nproc_per_node=2, torchrun_args=["max_restarts", 1])
    (call,) = calls(said)
    assert call["args"] == ["--nproc_per_node", "2", "--max_restarts", "1", "train.py"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"entrypoint": "a.py", "nproc_per_node": 1, "torchrun_args": {"nproc_per_node": 2}},
            "`current.torch.run` has `nproc_per_node` twice",
        ),
        ({"entrypoint": "a.py", "torchrun_args": ["a"]}, "`torchrun_args` has a name without a value: `a`"),
        ({}, '`current.torch.run` needs `entrypoint`, the script that the nodes run: write `current.torch.run(entrypoint="train.py")`'),
    ],
)
def test_wrong_arguments_of_torchrun(said: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(TorchrunException) as caught:
        Torchrun({}).run(**given)
    assert message in str(caught.value)
    assert not said.exists()


def test_a_torchrun_that_fails_fails_its_node(tmp_path: Path, said: Path) -> None:
    flow = gang(tmp_path, "@torchrun", 'os.environ["FAILS"] = str(current.parallel.node_index)\ncurrent.torch.run(entrypoint="train.py")')
    code, output = printed(flow)
    assert code == FAILED
    assert "ended with exit code" in output
    assert {found["type"] for found in failures(flow.store, Keys("Gang", "1"))} == {"TorchrunException"}


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    flow = gang(tmp_path, "@torchrun", 'current.torch.run(entrypoint="train.py")')
    with pytest.raises(Broken):
        flow.run()
    (found, *_) = failures(flow.store, Keys("Gang", "1"))
    assert found["message"] == (
        "`@torchrun` needs the package `torch`, which is not installed where the step runs: "
        'add `@pypi(packages={"torch": "..."})` to the step, or install it in the image'
    )


def test_pytorch_parallel_sets_the_variables_of_metaflow(tmp_path: Path) -> None:
    names = "('MASTER_PORT', 'NODE_RANK', 'WORLD_SIZE', 'NUM_NODES', 'PL_TORCH_DISTRIBUTED_BACKEND')"
    flow = gang(tmp_path, "@pytorch_parallel(master_port=51001)", f"self.seen = [os.environ[name] for name in {names}]")
    flow.run()
    assert [flow.artifacts("train", f"r.{node}")["seen"] for node in range(3)] == [
        ["51001", str(node), "3", "3", "gloo"] for node in range(3)
    ]


def test_tensorflow_has_the_addresses_of_all_workers(tmp_path: Path) -> None:
    flow = gang(tmp_path, "@tensorflow", "self.config = os.environ['TF_CONFIG']")
    flow.run()
    found = [json.loads(flow.artifacts("train", f"r.{node}")["config"]) for node in range(3)]
    (workers,) = {tuple(one["cluster"]["worker"]) for one in found}
    assert len({*workers}) == 3
    assert {address.rpartition(":")[0] for address in workers} == {"127.0.0.1"}
    assert [one["task"] for one in found] == [{"type": "worker", "index": node} for node in range(3)]


def test_deepspeed_runs_once_for_all_nodes_and_each_goes_on_after_it(tmp_path: Path, said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4,5")
    body = """
        current.deepspeed.run(entrypoint="train.py", entrypoint_args={"epochs": 1})
        self.lines = len(open(os.environ["SAID"]).readlines())
        current.deepspeed.run(["--num_nodes=3", "--num_gpus", "2", "--bind_cores_to_rank"], "other.py", ["x"])
        self.more = len(open(os.environ["SAID"]).readlines())
    """
    flow = gang(tmp_path, "@resources(gpu=2)\n    @deepspeed", body)
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, 1, 2]
    assert [(flow.artifacts("train", f"r.{node}")["lines"] >= 1, flow.artifacts("train", f"r.{node}")["more"]) for node in range(3)] == [
        (True, 2)
    ] * 3
    first, second = calls(said)
    assert first["hosts"] == "localhost slots=6\n"
    assert first["args"][2:] == ["--master_addr", "127.0.0.1", "--master_port", first["env"]["MASTER_PORT"], "train.py", "--epochs", "1"]
    assert second["args"][:3] == ["--num_gpus", "6", "--bind_cores_to_rank"]
    assert second["args"][-2:] == ["other.py", "x"]
    assert first["env"]["CUDA_VISIBLE_DEVICES"] == "0,1,2,3,4,5"


def test_nodes_that_wait_for_a_deepspeed_that_fails_are_ended(tmp_path: Path, said: Path) -> None:
    flow = gang(tmp_path, "@deepspeed", 'os.environ["FAILS"] = "3"\ncurrent.deepspeed.run(entrypoint="train.py")')
    code, output = printed(flow)
    assert code == FAILED
    assert "node 0 of 3 of step `train` failed: the other nodes are ended" in output
    (found,) = failures(flow.store, Keys("Gang", "1"))
    assert (found["item"], "ended with exit code 3: its output is in the log of the step" in found["message"]) == ("r.0", True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"entrypoint": "a.py", "deepspeed_args": {"master_addr": "10.0.0.1"}},
            "`deepspeed_args` has `--master_addr`, which flowport sets: remove it",
        ),
        ({}, "`current.deepspeed.run` needs `entrypoint`"),
        (
            {"entrypoint": "a.py", "push_results_dir_to_cloud": True},
            "flowport does not have `push_results_dir_to_cloud`: store the files in the step",
        ),
    ],
)
def test_wrong_arguments_of_deepspeed(said: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(DeepspeedException) as caught:
        Deepspeed(1, 0, 1).run(**given)
    assert message in str(caught.value)


def test_a_program_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeepspeedException, match="`@deepspeed` needs the program `deepspeed`, which is not on PATH where the step runs"):
        Deepspeed(1, 0, 1).run(entrypoint="train.py")
    with pytest.raises(
        MPIException, match=r"`@mpi` needs the program `mpirun`.*install MPI in the image, such as the package `openmpi-bin`"
    ):
        MPI(1).run(program="a")
    with pytest.raises(MPIException, match=r"`@mpi` needs the program `mpicc`.*install a compiler for MPI in the image"):
        MPI(1).cc(["a.c"])


def test_deepspeed_in_a_step_that_is_no_gang(said: Path) -> None:
    Deepspeed.for_single_node(flow=None, use_gpu=False, n_slots=2).run(entrypoint="train.py")
    (call,) = calls(said)
    assert (call["hosts"], call["args"][-1]) == ("localhost slots=2\n", "train.py")


def test_mpi_runs_the_step_on_node_0_and_programs_on_all_nodes(tmp_path: Path, said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    body = """
        current.mpi.cc(args=["-o", "hello", "hello.c"])
        open("hello", "w").close()
        current.mpi.broadcast_file("hello")
        current.mpi.exec(args=["-n", "6"], program="python hello.py", program_args=["--fast"])
        current.mpi.run(program="hello")
    """
    flow = gang(tmp_path, "@resources(cpu=2)\n    @mpi", body)
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, None, None]
    cc, first, second = calls(said)
    assert (cc["program"], cc["args"]) == ("mpicc", ["-o", "hello", "hello.c"])
    assert (first["program"], first["hosts"], first["args"][:3]) == ("mpiexec", "localhost\n" * 6, ["-n", "6", "--hostfile"])
    assert first["args"][4:] == ["python", "hello.py", "--fast"]
    assert (second["program"], second["args"][2:]) == ("mpirun", ["hello"])


def test_mpi_that_fails_fails_the_step(tmp_path: Path, said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(MPIException, match="ended with exit code 1"):
        MPI(2).run(program="hello")
    with pytest.raises(MPIException, match=r"`current.mpi.broadcast_file` found no file `nothing`"):
        MPI(2).broadcast_file("nothing")


def test_ray_has_a_node_for_each_node_and_the_step_runs_on_node_0(tmp_path: Path, said: Path) -> None:
    body = "self.address, self.place = os.environ['RAY_ADDRESS'], current.ray_storage_path"
    flow = gang(tmp_path, "@resources(cpu=2, gpu=1)\n    @metaflow_ray(main_port=6379, logging_level='debug', log_style='record')", body)
    flow.run()
    assert flow.artifacts("end")["nodes"] == [0, None, None]
    found = flow.artifacts("train", "r.0")
    assert (found["address"], found["place"]) == ("127.0.0.1:6379", f"{flow.store.url}/{Keys('Gang', '1').data()}train/r.0/0")
    own = ["start", "--node-ip-address", "127.0.0.1", "--num-cpus", "2", "--num-gpus", "1"]
    head, *workers = [call["args"] for call in calls(said)]
    assert head[:7] == own
    assert head[13:] == [
        *("--logging-level", "debug", "--log-style", "record"),
        *("--head", "--port", "6379", "--include-dashboard", "false", "--disable-usage-stats"),
    ]
    for worker in workers:
        assert worker[-3:] == ["--address", "127.0.0.1:6379", "--disable-usage-stats"]


def test_a_ray_cluster_that_is_not_whole_in_time_is_an_error(tmp_path: Path, said: Path) -> None:
    """Node 2 never starts its node of Ray."""
    packages = Path(os.environ["PYTHONPATH"])
    source = packages / "ray" / "scripts" / "scripts.py"
    source.write_text("import os, time\nif os.environ['RANK'] == '2':\n    time.sleep(600)\n" + source.read_text())
    flow = gang(tmp_path, "@metaflow_ray(all_nodes_started_timeout=2)")
    with pytest.raises(Broken):
        flow.run()
    (found,) = failures(flow.store, Keys("Gang", "1"))
    assert (found["type"], found["item"]) == (RayException.__name__, "r.0")
    assert (
        "of 3 nodes have joined the Ray cluster in time: give them longer with `@metaflow_ray(all_nodes_started_timeout=600)`"
        in found["message"]
    )


@pytest.mark.parametrize(
    ("decorator", "message"),
    [
        ("torchrun(master_port=70000)", "`master_port` of `@torchrun` must be at most 65535, not `70000`"),
        ("torchrun(nproc_per_node=0)", "`nproc_per_node` of `@torchrun` must be a whole number of at least 1, not `0`"),
        ("metaflow_ray(log_style='fine')", "`log_style` of `@metaflow_ray` is `fine`, and there are `pretty`, `record`, `auto`"),
        ("metaflow_ray(enable_dashboard=1)", "`enable_dashboard` of `@metaflow_ray` must be True or False, not `1`"),
        ("deepspeed(slots=1)", "`@deepspeed` has no argument `slots`"),
        ("mpi(all_nodes_started_timeout='x')", "`all_nodes_started_timeout` of `@mpi` must be a number of at least 0, not `'x'`"),
    ],
)
def test_wrong_arguments_of_decorators(tmp_path: Path, decorator: str, message: str) -> None:
    file = tmp_path / "flow.py"
    file.write_text("from flowport import FlowSpec, current, step\n" + GANG.format(decorators="@" + decorator, body="        pass"))
    assert message in [one.message for one in load(str(file)).diagnostics]
