"""`@tensorflow` and `@metaflow_ray` where each node of a gang has a container, and an address, of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flowport.runtime.protocol import DONE
from gang_containers import Job, Pods, codes
from solo import Solo

GANG = """
import os
from flowport import metaflow_ray, resources, tensorflow

class Gang(FlowSpec):
    @step
    def start(self):
        self.sizes = {sizes}
        self.next(self.each, foreach="sizes")

    @step
    def each(self):
        self.next(self.train, num_parallel=self.input)

    {decorators}
    @step
    def train(self):
        self.config = {config}
        self.next(self.gathered)

    @step
    def gathered(self, inputs):
        self.configs = [getattr(one, "config", None) for one in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.configs = [one.configs for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""

RAY = """
import json, os, sys
with open(os.environ["SAID"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""

CLUSTER = """
import os

def init(address, **more):
    assert address == os.environ["RAY_ADDRESS"]

def nodes():
    return [{"Alive": True} for line in open(os.environ["SAID"])]
"""


def gang(folder: Path, decorators: str, config: str, sizes: str = "[3]") -> Solo:
    """A flow that is as far as its gangs, which are in one task."""
    flow = Solo(folder, GANG.format(decorators=decorators, config=config, sizes=sizes))
    flow.width = 1
    assert flow.perform("start") == flow.perform("each", "s.0") == DONE
    return flow


def configs(flow: Solo) -> list[list[str | None]]:
    """What the nodes of each gang have kept."""
    assert flow.perform("gathered", "s.0") == flow.perform("join") == DONE
    found: list[list[str | None]] = flow.artifacts("join")["configs"]
    return found


@pytest.mark.parametrize("engine", [Job, Pods])
def test_tensorflow_has_the_addresses_of_all_containers(tmp_path: Path, engine: type[Job]) -> None:
    flow = gang(tmp_path, "@tensorflow", "os.environ['TF_CONFIG']")
    found = engine(flow, "0", slice="s.0.0").begin(0, 1, 2).end()
    assert codes(found) == [DONE] * 3, found
    (texts,) = configs(flow)
    each = [json.loads(text or "") for text in texts]
    workers = each[0]["cluster"]["worker"]
    assert [worker.partition(":")[0] for worker in workers] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert all(0 < int(worker.partition(":")[2]) < 65536 for worker in workers)
    assert each == [{"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}} for index in range(3)]


def test_a_smaller_gang_has_the_addresses_of_its_own_nodes(tmp_path: Path) -> None:
    flow = gang(tmp_path, "@tensorflow", "os.environ['TF_CONFIG']", "[1, 3, 2]")
    found = Pods(flow, "0", slice="s.0.0").begin(0, 1, 2).end()
    assert codes(found) == [DONE] * 3, found
    workers = [[json.loads(text or "")["cluster"]["worker"] for text in texts] for texts in configs(flow)]
    assert [[len(one) for one in found] for found in workers] == [[1], [3, 3, 3], [2, 2]]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which `ray` says how it was called."""
    packages = tmp_path / "packages"
    (packages / "ray" / "scripts").mkdir(parents=True)
    (packages / "ray" / "__init__.py").write_text(CLUSTER)
    (packages / "ray" / "scripts" / "__init__.py").touch()
    (packages / "ray" / "scripts" / "scripts.py").write_text(RAY)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    return tmp_path / "said"


def test_each_container_has_a_node_of_ray_with_its_own_address_and_all_of_its_cpus(tmp_path: Path, said: Path) -> None:
    flow = gang(tmp_path, "@metaflow_ray", "os.environ['RAY_ADDRESS']")
    found = Pods(flow, "0", slice="s.0.0").begin(0, 1, 2).end()
    assert codes(found) == [DONE] * 3, found
    ((address, *others),) = configs(flow)
    assert address is not None
    assert address.startswith("127.0.0.1:")
    assert others == [None, None]
    calls = sorted(json.loads(line) for line in said.read_text().splitlines())
    for index, call in enumerate(calls):
        shown = ["start", "--node-ip-address", f"127.0.0.{index + 1}", "--num-cpus", str(os.cpu_count())]
        assert call[:5] == shown
        assert ("--head" in call, "--address" in call) == (index == 0, index > 0)
        assert index == 0 or call[call.index("--address") + 1] == address
