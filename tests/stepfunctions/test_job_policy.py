"""What tasks ask of S3 is what `job-policy.json` allows: no emulator looks at policies, so each request of a run is held against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from flowport.compiler.compile import load
from flowport.runtime.hooks.ending import Ending
from flowport.runtime.store.keys import ATTEMPT, Keys, gate, hub_cache
from flowport.runtime.store.open import open_store
from proxy import Proxy, proxied
from solo import OPENING, Solo
from stepfunctions.emitted import documents

FLOW = """
import os

from flowport import S3, Run, checkpoint, load_model, model


class Busy(FlowSpec):
    folder = Parameter("folder", default="")

    @step
    def start(self):
        self.small, self.text, self.long = 1, "x" * 2_000_000, os.urandom(9_000_000)
        self.numbers = [1, 2]
        with S3(run=self) as s3:
            s3.put("again", "1")
            s3.put("again", "2")
            s3.put("in/parts", self.long)
            s3.put("again", "3", overwrite=False)
            s3.get_all(), s3.list_paths(), s3.list_recursive(["in"]), s3.info("absent", return_missing=True)
        self.next(self.square, foreach="numbers")

    @retry(times=1)
    @checkpoint
    @step
    def square(self):
        with open(os.path.join(current.checkpoint.directory, "state"), "wb") as file:
            file.write(self.long)
        for number in range(4):
            self.kept = current.checkpoint.save()
        print("squaring", self.input)
        current.log_metric("loss", 1 / self.input)
        marker = os.path.join(self.folder, str(self.input))
        if not os.path.exists(marker):
            open(marker, "w").close()
            raise LookupError("the first time")
        self.text = "x" * 2_000_000
        self.next(self.gather)

    @model
    @step
    def gather(self, inputs):
        self.kept = inputs[0].kept
        self.model = current.model.save(__file__)
        self.next(self.end)

    @model(load=["kept", "model"])
    @step
    def end(self):
        run = Run(f"{current.flow_name}/{current.run_id}")
        run.add_tags(["fast", "project:other"])
        run.replace_tag("fast", "slow")
        self.seen = [one.data.text for one in run["square"]], run.parent.latest_run.id, [*run.parent.runs("slow", "nightly")]
"""
TASKS = (("start", "s"), ("square", "s.0"), ("square", "s.0"), ("square", "s.1"), ("square", "s.1"), ("gather", "s"), ("end", "s"))


@pytest.fixture
def proxy(bucket: str, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with proxied(server) as (address, proxy):
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield proxy


def allowed(policy: Any, action: str, path: str, creating: bool) -> bool:
    """Whether a statement allows an action on `/bucket/key`; of conditions it knows the one that is used."""
    resource = f"arn:aws:s3:::{path.strip('/')}"
    for statement in policy["Statement"]:
        condition = statement.get("Condition")
        assert condition in (None, {"Null": {"s3:if-none-match": "false"}})
        named = action in statement["Action"] and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        if named and (creating or condition is None):
            return True
    return False


def action(method: str, path: str) -> str:
    """The action that a request needs (Amazon S3, "Required permissions for API operations")."""
    if method in ("PUT", "POST"):
        return "s3:PutObject"
    return "s3:ListBucket" if path.count("/") < 2 or path.endswith("/") else "s3:GetObject"


PROJECT = FLOW.replace("class ", '@project(name="demo", branch="a")\nclass ')


@pytest.mark.parametrize(("source", "run"), [(FLOW, "1"), (PROJECT, "demo.test.a-1")], ids=["alone", "in a project"])
def test_tasks_ask_for_nothing_that_the_policy_does_not_allow(tmp_path: Path, bucket: str, proxy: Proxy, source: str, run: str) -> None:
    (tmp_path / "marks").mkdir()
    url = f"s3://{bucket}/some/prefix"
    flow = Solo(tmp_path, source, open_store(url))
    file = tmp_path / "busy.py"
    file.write_text(OPENING + source)
    plan = load(str(file)).plan
    assert plan is not None
    policy = documents(plan, store=url)["job-policy.json"]
    given = {"parameters": {"folder": f"{tmp_path}/marks"}, "tags": ["nightly"]}
    flow.store.create(Keys("Busy", run).input(), json.dumps(given).encode())
    proxy.seen.clear()
    proxy.overwriting.clear()
    codes = [subprocess.run(flow.command(*task, run), cwd="/", capture_output=True).returncode for task in TASKS]
    assert codes == [0, 1, 0, 1, 0, 0, 0]
    asked = {(method, path, (method, path) not in proxy.overwriting) for method, path in proxy.seen}
    assert [each for each in asked if not allowed(policy, action(each[0], each[1]), each[1], each[2])] == []
    assert any(method == "POST" and "/blobs/" in path for method, path in proxy.seen), "nothing was sent in parts"
    assert any(method == "POST" and "/s3-data/in/parts" in path for method, path in proxy.seen), "no object was stored in parts"
    assert any(path.endswith("/tags.json") for _, path in proxy.overwriting), "no tag was changed twice"
    assert any(method == "PUT" and "/index/started-tagged/nightly/" in path for method, path in proxy.seen), "no tag was listed"
    assert any("/step-checkpoints/square/r.0/1/0" in path for _, path in proxy.overwriting), "no checkpoint was overwritten"
    assert any(path.endswith("/s3-data/again") for _, path in proxy.overwriting), "no object was overwritten"
    assert any(method == "PUT" and "/step-metrics/" in path for method, path in proxy.seen), "no metric was kept"
    assert any(method == "PUT" and "/table/changes/" in path for method, path in proxy.seen), "the run has no row in the table"
    assert any(method == "PUT" and f"{ATTEMPT}/" in path for method, path in proxy.seen), "no attempt was left"


def test_no_task_may_overwrite_a_document(bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "busy.py"
    file.write_text(OPENING + FLOW)
    plan = load(str(file)).plan
    assert plan is not None
    policy = documents(plan, store=f"s3://{bucket}")["job-policy.json"]
    mine, others = (Keys(flow, "1").manifest("square", "s.0", 0) for flow in ("Busy", "Other"))
    assert allowed(policy, "s3:PutObject", f"/{bucket}/{mine}", creating=True)
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/{mine}", creating=False)
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/{others}", creating=True)
    kept = [f"{keys.checkpoints('square', 'r')}0.json" for keys in (Keys("Busy", "1"), Keys("Other", "1"))]
    assert [allowed(policy, "s3:PutObject", f"/{bucket}/{key}", creating=False) for key in kept] == [True, False]
    named = Keys("Busy", "1").manifest("checkpoints", "s", 0)
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/{named}", creating=False)
    signs = [f"{keys.signs('square', 's')}1" for keys in (Keys("Busy", "1"), Keys("Other", "1"))]
    assert [allowed(policy, "s3:PutObject", f"/{bucket}/{key}", creating=False) for key in signs] == [True, False]
    data = Keys("Other", "1").data()
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/{data}x", creating=True)
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/{Keys('Busy', 's3-data').run()}", creating=False)
    assert not allowed(policy, "s3:PutObject", f"/{bucket}/code/{'0' * 64}.zip", creating=True)


def test_the_tasks_of_a_branch_write_no_document_of_another_branch(bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "busy.py"
    file.write_text(OPENING + PROJECT)
    plan = load(str(file)).plan
    assert plan is not None
    made = documents(plan, store=f"s3://{bucket}")
    mine, others = (Keys("Busy", f"demo.{branch}-1") for branch in ("test.a", "test.ab"))
    for keys, is_mine in ((mine, True), (others, False)):
        assert allowed(made["job-policy.json"], "s3:PutObject", f"/{bucket}/{keys.run()}", creating=True) is is_mine
        assert allowed(made["job-policy.json"], "s3:PutObject", f"/{bucket}/{keys.started(1.0)}", creating=True) is is_mine
        assert allowed(made["job-policy.json"], "s3:PutObject", f"/{bucket}/{keys.heartbeat()}", creating=False) is is_mine
        assert allowed(made["machine-policy.json"], "s3:PutObject", f"/{bucket}/{keys.input()}", creating=False) is is_mine
        assert allowed(made["job-policy.json"], "s3:GetObject", f"/{bucket}/{keys.run()}", creating=False), "a run can resume any other"


WITHOUT = """
class Without(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.mark.parametrize(("scope", "is_allowed"), [("flow", False), ("global", True)])
def test_what_flows_share_of_the_hub_is_never_overwritten(tmp_path: Path, scope: str, is_allowed: bool) -> None:
    file = tmp_path / "shared.py"
    step = f"    @huggingface_hub(cache_scope='{scope}')\n    @step\n    def start"
    file.write_text(OPENING + "from flowport import huggingface_hub\n" + WITHOUT.replace("    @step\n    def start", step))
    plan = load(str(file)).plan
    assert plan is not None
    policy = documents(plan, store="s3://somewhere")["job-policy.json"]
    key = f"/somewhere/{hub_cache('', '0' * 64)}0.json"
    assert allowed(policy, "s3:PutObject", key, creating=True) is is_allowed
    assert allowed(policy, "s3:GetObject", key, creating=False) is is_allowed
    assert not allowed(policy, "s3:PutObject", key, creating=False)


def test_a_flow_without_checkpoints_may_write_none(tmp_path: Path) -> None:
    file = tmp_path / "without.py"
    file.write_text(OPENING + WITHOUT)
    plan = load(str(file)).plan
    assert plan is not None
    policy = documents(plan, store="s3://somewhere")["job-policy.json"]
    key = f"{Keys('Without', '1').checkpoints('start', 'r')}0.json"
    assert not allowed(policy, "s3:PutObject", f"/somewhere/{key}", creating=False)


GANG = """
from flowport import parallel


class Team(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=2)

    @parallel
    @step
    def work(self):
        print("working")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_nodes_with_a_container_each_ask_for_nothing_that_the_policy_does_not_allow(tmp_path: Path, bucket: str, proxy: Proxy) -> None:
    url = f"s3://{bucket}/some/prefix"
    flow = Solo(tmp_path, GANG, open_store(url))
    file = tmp_path / "team.py"
    file.write_text(OPENING + GANG)
    plan = load(str(file)).plan
    assert plan is not None
    policy = documents(plan, store=url)["job-policy.json"]
    proxy.seen.clear()
    proxy.overwriting.clear()
    assert subprocess.run(flow.command("start"), cwd="/").returncode == 0
    node = {"AWS_BATCH_JOB_ATTEMPT": "1", "AWS_BATCH_JOB_NUM_NODES": "2", "FLOWPORT_NODE_ADDRESS": "127.0.0.1"}
    own = [{**os.environ, **node, "AWS_BATCH_JOB_ID": f"job#{index}", "AWS_BATCH_JOB_NODE_INDEX": index} for index in "01"]
    nodes = [subprocess.Popen(flow.command("work", "s.0", nodes="batch"), cwd="/", env=variables) for variables in own]
    assert [one.wait() for one in nodes] == [0, 0]
    asked = {(method, path, (method, path) not in proxy.overwriting) for method, path in proxy.seen}
    assert [each for each in asked if not allowed(policy, action(each[0], each[1]), each[1], each[2])] == []
    assert any(f"{ATTEMPT}/round-job.1/1" in path for _, path in proxy.overwriting), "no node said anything twice"
    assert any(method == "PUT" and path.endswith("/s.0.log/0-0.nodes/1") for method, path in proxy.seen), "no log of a node was stored"


BRANCH = '@project(name="demo", branch="a")\n'
BEFORE = """
{project}class {name}(FlowSpec):
    @step
    def start(self):
        self.found = [1, 2, 3]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TRIGGERED = """
from flowport import exit_hook, limits, trigger_on_finish

def tell(run):
    print("told of", run.pathspec, run.data.total)

@exit_hook(on_success=[tell])
@limits(cooldown=60)
@trigger_on_finish(flows=["Features", "Labels"])
{project}class Train(FlowSpec):
    @step
    def start(self):
        self.total = sum(sum(run.data.found) for run in current.trigger.runs)
        self.next(self.end)

    @step
    def end(self):
        self.total = self.total + 1
"""


@pytest.mark.parametrize(("project", "prefix"), [("", ""), (BRANCH, "demo.test.a-")], ids=["alone", "project"])
def test_a_run_that_others_start_asks_for_nothing_that_the_policy_does_not_allow(
    tmp_path: Path, bucket: str, proxy: Proxy, project: str, prefix: str
) -> None:
    """It waits for two, so that one task writes the document of what has come, and another one replaces it."""
    url, source = f"s3://{bucket}/some/prefix", TRIGGERED.format(project=project)
    for name in ("Features", "Labels"):
        Solo(tmp_path / name, BEFORE.format(name=name, project=project), open_store(url)).run(f"{prefix}1")
    flow = Solo(tmp_path / "Train", source, open_store(url))
    file = tmp_path / "train.py"
    file.write_text(OPENING + source)
    plan = load(str(file)).plan
    assert plan is not None
    made = documents(plan, store=url, cooldown=60)
    for run, other in ((f"{prefix}t-1", "Features"), (f"{prefix}t-2", "Labels")):
        given = {"triggers": [{"type": "run", "flow": other, "run": f"{prefix}1"}]}
        flow.store.create(Keys("Train", run).input(), json.dumps(given).encode())
    proxy.seen.clear()
    proxy.overwriting.clear()
    tasks = (("begin-run", "t-1"), ("begin-run", "t-2"), ("start", "t-2"), ("end", "t-2"))
    for step, run in tasks:
        assert subprocess.run(flow.command(step, "s", f"{prefix}{run}", cooldown=60), cwd="/").returncode == 0
    own = Ending(flow="Train", run=f"{prefix}t-2", store=url, code=flow.package.digest, target="sfn", status="SUCCEEDED").variables()
    words = [sys.executable, "-m", "flowport.runtime", "hooks"]
    hooks = subprocess.run(words, cwd="/", env={**os.environ, **own}, stdout=subprocess.PIPE, text=True)
    assert (hooks.returncode, hooks.stdout) == (0, f"told of Train/{prefix}t-2 13\n")
    asked = {(method, path, (method, path) not in proxy.overwriting) for method, path in proxy.seen}
    policy = made["job-policy.json"]
    assert [each for each in asked if not allowed(policy, action(each[0], each[1]), each[1], each[2])] == []
    decided = f"/{bucket}/some/prefix/{gate('Train', 'demo.test.a.Train' if project else '')}"
    assert ("PUT", decided) in proxy.seen
    kept = Keys("Train", f"{prefix}t-2").hooks()
    assert any(method == "PUT" and f"/{kept}" in path for method, path in proxy.seen), "what became of the hooks is not kept"
    for name in ("ReadTheFlowsBefore", "DecideWhatBegins"):  # a canary: without either, something that was asked for is not allowed
        less = {"Statement": [each for each in policy["Statement"] if each["Sid"] != name]}
        assert [each for each in asked if not allowed(less, action(each[0], each[1]), each[1], each[2])], name
    route = f"/{bucket}/some/prefix/{Keys('Train', f'{prefix}t-2').route('begin-run', 's', 0)}"
    assert allowed(made["machine-policy.json"], "s3:GetObject", route, creating=False)
    assert "Delete" not in json.dumps([each["Action"] for each in policy["Statement"]])
