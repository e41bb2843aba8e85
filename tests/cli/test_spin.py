"""`flowport spin`: one step again with what it read in a run, and nothing of the run is changed."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

import progress
from desk import Desk, Ended
from flowport.client import Flow, Run, default_metadata, metadata, namespace

SHOP = """
from flowport import Config, FlowSpec, Parameter, catch, current, environment, retry, step, timeout
import os

class Shop(FlowSpec):
    factor = Parameter("factor", default=2)
    config = Config("config", default="shop.json")

    @step
    def start(self):
        self.prices = [1, 2, 3, 4]
        self.base = 10
        self.large = list(range(100_000))
        self.next(self.price, foreach="prices")

    @step
    def price(self):
        self.cost = self.input * self.factor + self.config.fee
        self.where = (self.index, self.foreach_stack(), len(self.large))
        self.old = "old"
        self.next(self.total)

    @step
    def total(self, inputs):
        self.sum = sum(one.cost for one in inputs)
        self.first = inputs[0].index
        self.merge_artifacts(inputs, include=["base"])
        self.turn = 0
        self.next(self.again)

    @step
    def again(self):
        self.turn += 1
        self.way = "more" if self.turn < 3 else "out"
        self.next({"more": self.again, "out": self.fork}, condition="way")

    @step
    def fork(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.made = "L"
        self.next(self.both)

    @step
    def right(self):
        self.made = "R"
        self.next(self.both)

    @step
    def both(self, inputs):
        self.made = inputs.left.made + inputs.right.made
        self.merge_artifacts(inputs, include=["sum"])
        self.next(self.end)

    @retry(times=2)
    @catch(var="failed")
    @environment(vars={"SHOP_MODE": "fast"})
    @step
    def end(self):
        self.mode = os.environ.get("SHOP_MODE")
        self.attempt = current.retry_count
        if self.made == "bad":
            raise ValueError(f"attempt {current.retry_count}")
        print("the end of", current.run_id[:4])
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the flow ran, as run `one`."""
    desk = Desk(tmp_path_factory.mktemp("shop"))
    desk.write("shop.py", SHOP)
    desk.write("shop.json", '{"fee": 100}')
    assert desk("run", "shop.py", "-q", "--run-id", "one", "--factor", "3").status == 0
    return desk.folder


@pytest.fixture
def desk(shop: Path, tmp_path: Path) -> Desk:
    """A copy of that folder."""
    folder = tmp_path / "desk"
    shutil.copytree(shop, folder)
    noted = folder / ".flowport/flows/Shop/runs/one/local.json"
    noted.write_text(noted.read_text().replace(str(shop), str(folder)))
    return Desk(folder)


def change(desk: Desk, before: str, after: str) -> None:
    """Change the flow's file."""
    assert before in SHOP
    desk.write("shop.py", SHOP.replace(before, after))


def spun(desk: Desk, *words: str) -> dict[str, Any]:
    """What a spin printed as JSON, and its exit status."""
    command = [desk.command, "spin", *words, "--json"]
    done = progress.run(command, cwd=desk.folder, env=desk.environment(), capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return {**json.loads(done.stdout), "exit": done.returncode}


def changes(found: dict[str, Any], item: str = "r") -> dict[str, str]:
    """How the artifacts of an item changed."""
    return {name: one["change"] for name, one in found["items"][item]["artifacts"].items()}


def value(found: dict[str, Any], name: str, item: str = "r") -> Any:
    return found["items"][item]["artifacts"][name]["value"]


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_step_runs_again_with_todays_code_and_shows_what_changed(desk: Desk) -> None:
    change(desk, 'self.old = "old"', "self.fresh = self.cost + 1; print('hello')")
    done = desk("spin", "shop.py", "price")
    assert done == Ended(
        0,
        "hello\n"
        "price/r.0 is done in SECONDS, and goes to total\n"
        "  unchanged  cost   103\n"
        "  new        fresh  104\n"
        "  gone       old    (was 'old')\n"
        "  unchanged  where  (0, [(0, 4, 1)], 100000)\n"
        "results: flowport artifacts Shop/spin-RUN\n"
        "store: DESK/.flowport\n",
        "price/r.0 of run one of Shop, the step has 4 items\n",
    )


def test_the_run_is_not_changed_in_any_byte(desk: Desk) -> None:
    store = desk.folder / ".flowport"
    before = contents(store)
    for step in ("start", "price", "total", "again", "both", "end"):
        assert spun(desk, "shop.py", step)["exit"] == 0
    after = contents(store)
    assert {key: after[key] for key in before} == before
    assert all("/spins/" in key or key.startswith(("blobs/", "code/")) for key in after.keys() - before.keys())


@pytest.mark.parametrize(
    "words",
    [
        ("price", "--item", "r.2"),
        ("one/price/r.2",),
        ("Shop/one/price/r.2",),
        ("Shop/one/price", "--store", ".flowport", "--factor", "3"),
        ("shop.py", "price", "--run", "Shop/one", "--item", "r.2"),
        ("shop.py", "latest/price/r.2"),
    ],
)
def test_the_item_is_named_in_several_ways(desk: Desk, words: tuple[str, ...]) -> None:
    item = "r.0" if "--store" in words else "r.2"
    found = spun(desk, *words)
    assert (found["of_run"], found["step"], list(found["items"])) == ("one", "price", [item])
    assert set(changes(found, item).values()) == {"unchanged"}


def test_a_flow_file_has_the_command(desk: Desk) -> None:
    desk.write("shop.py", SHOP + "\nif __name__ == '__main__':\n    Shop()\n")
    import sys

    done = desk.run(sys.executable, "shop.py", "spin", "one/total", "--json")
    assert json.loads(done.out)["items"]["r"]["next"] == ["again"]


def test_parameters_and_configs_are_those_of_the_run(desk: Desk) -> None:
    desk.write("shop.json", '{"fee": 5}')
    assert value(spun(desk, "price"), "cost", "r.0") == 103
    assert value(spun(desk, "price", "--factor", "9"), "cost", "r.0") == 109
    assert value(spun(desk, "price", "--config-value", "config", '{"fee": 7}'), "cost", "r.0") == 10


def test_a_parameter_that_is_new_has_its_default(desk: Desk) -> None:
    change(desk, "    @step\n    def start", '    more = Parameter("more", default=5)\n\n    @step\n    def start')
    desk.write("shop.py", (desk.folder / "shop.py").read_text().replace("self.old = ", "self.old = self.more, "))
    assert value(spun(desk, "price"), "old", "r.0") == [5, "old"]


def test_a_join_gets_all_inputs(desk: Desk) -> None:
    change(desk, "sum(one.cost for one in inputs)", "[one.cost for one in inputs], [one.input for one in inputs]")
    found = spun(desk, "total")
    assert value(found, "sum") == [[103, 106, 109, 112], [1, 2, 3, 4]]
    assert changes(found)["base"] == "unchanged"
    assert value(spun(desk, "both"), "made") == "LR"


def test_a_step_in_a_loop_has_its_turn(desk: Desk) -> None:
    found = spun(desk, "again", "--item", "r.t2")
    assert value(found, "turn", "r.t2") == 3
    assert found["items"]["r.t2"]["next"] == ["fork"]


def test_a_switch_that_goes_another_way_is_shown(desk: Desk) -> None:
    change(desk, "self.turn < 3", "self.turn < 1")
    done = desk("spin", "again")
    assert "again/r.t0 is done in SECONDS, and goes to fork (it went to again)\n" in done.out


def test_artifacts_of_a_file_replace_those_of_the_run(desk: Desk) -> None:
    desk.write("fewer.py", "import shop\nARTIFACTS = {'large': [shop.os.sep], 'unused': 1}\n")
    desk.write("fewer.json", '{"large": [1, 2]}')
    assert value(spun(desk, "price", "--artifacts", "fewer.py"), "where", "r.0") == [0, [[0, 4, 1]], 1]
    found = spun(desk, "price", "--artifacts", "fewer.json", "--item", "r.1")
    assert value(found, "where", "r.1") == [1, [[1, 4, 2]], 2]
    shown = json.loads(desk("artifacts", f"Shop/{found['run']}", "--json").out)
    assert shown["price/r.1"]["large"] == [1, 2]


def test_artifacts_of_a_file_replace_those_of_every_input_of_a_join(desk: Desk) -> None:
    desk.write("cost.json", '{"cost": 5}')
    assert value(spun(desk, "total", "--artifacts", "cost.json"), "sum") == 20


def test_artifacts_that_are_no_json_are_refused_in_words(desk: Desk) -> None:
    desk.write("bad.json", '{"large": ')
    done = desk("spin", "price", "--artifacts", "bad.json", "--item", "r.1")
    assert done.status == 1
    assert "bad.json` cannot be read as JSON: there is no JSON value" in done.out
    assert "Traceback" not in done.out


def test_retry_and_catch_apply_as_in_a_run(desk: Desk) -> None:
    desk.write("bad.json", '{"made": "bad"}')
    found = spun(desk, "end", "--artifacts", "bad.json")
    assert (found["status"], found["exit"], found["attempts"]) == ("done", 0, 3)
    assert value(found, "attempt") == 2
    assert "ValueError: attempt 2" in value(found, "failed")["repr"]
    assert value(found, "mode") == "fast"


def test_a_step_can_run_without_its_decorators(desk: Desk) -> None:
    desk.write("bad.json", '{"made": "bad"}')
    done = desk("spin", "end", "--artifacts", "bad.json", "--skip-decorators")
    assert done.status == 1
    assert done.out.endswith("end failed: ValueError: attempt 0\noutput: flowport logs Shop/spin-RUN\nstore: DESK/.flowport\n")
    assert "ValueError: attempt 0" in done.out
    assert 'raise ValueError(f"attempt {current.retry_count}")' in done.out
    assert value(spun(desk, "end", "--skip-decorators"), "mode") is None


def test_the_traceback_of_a_spin_shows_the_file_of_its_author(desk: Desk) -> None:
    change(desk, "self.turn = 0", "self.turn = 1 / 0")
    done = desk("spin", "total")
    assert done.status == 1
    assert 'File "DESK/shop.py", line ' in done.out
    assert "total failed: ZeroDivisionError: division by zero\n" in done.out


def test_a_timeout_ends_the_step(desk: Desk) -> None:
    change(
        desk,
        "    @step\n    def both(self, inputs):",
        "    @timeout(seconds=1)\n    @step\n    def both(self, inputs):\n        import time; time.sleep(600)",
    )
    done = desk("spin", "both")
    assert done.status == 1
    assert "both failed: TimeoutException: step `both` ran longer than its timeout of 1 seconds\n" in done.out


def test_the_item_that_failed_is_taken_first(desk: Desk) -> None:
    change(desk, 'self.old = "old"', 'assert self.input != 3, "broken"')
    assert desk("run", "shop.py", "-q", "--run-id", "two").status == 1
    desk.write("shop.py", SHOP)
    done = desk("spin", "price")
    assert done.err.startswith("price/r.2 of run two of Shop, the step has ")
    assert "  new        cost   106\n" in done.out


def test_a_spin_is_no_run(desk: Desk) -> None:
    run = spun(desk, "price", "--run-id-file", "id.txt")["run"]
    assert (desk.folder / "id.txt").read_text() == run
    assert desk("tag", "add", f"Shop/{run}", "mine").status == 0
    assert [json.loads(line)["run"] for line in desk("runs", "--json").out.splitlines()] == ["one"]
    assert desk("status", "Shop", "--json").out == desk("status", "Shop/one", "--json").out
    assert desk("spin", "price").err.startswith("price/r.0 of run one of Shop")
    for words in (("resume", f"Shop/{run}"), ("spin", "price", "--run", run), ("resume", "shop.py", run)):
        done = desk(*words)
        assert (done.status, done.err.splitlines()[-2:]) == (
            2,
            [f"flowport {words[0]}: `spin-RUN` is a spin, and no run: it is about run `one`", "  name run `one`"],
        )
    assert desk("run", "shop.py", "--origin-run", run).err.startswith("flowport run: `spin-RUN` is a spin, and no run\n")
    assert desk("run", "shop.py", "--run-id", run).err.startswith("flowport run: a run id cannot be `spin-RUN`\n")


def test_the_client_and_the_commands_read_a_spin_by_its_id(desk: Desk) -> None:
    run = spun(desk, "price", "--item", "r.3")["run"]
    assert desk("artifacts", f"Shop/{run}", "--name", "cost").out == "price/r.3\n  cost  112\n"
    assert desk("logs", f"Shop/{run}").status == 0
    assert [line.split()[:3] for line in desk("status", f"Shop/{run}").out.splitlines() if line.startswith("price")] == [
        ["price", "done", "1"]
    ]
    metadata(str(desk.folder / ".flowport"))
    namespace(None)
    try:
        spin = Run(f"Shop/{run}")
        assert [step.id for step in spin] == ["price"]
        assert (spin.successful, spin.data.cost, spin["price"].task.index) == (True, 112, 3)
        assert [one.id for one in Flow("Shop")] == ["one"]
    finally:
        default_metadata()


GANG = """
from flowport import FlowSpec, current, parallel, step

class GangFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.work, num_parallel=2)

    @parallel
    @step
    def work(self):
        self.place = (current.parallel.node_index, current.parallel.num_nodes)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.places = [one.place for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_all_nodes_of_a_gang_run_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("gang.py", GANG)
    assert desk("run", "gang.py", "-q").status == 0
    found = spun(desk, "work", "--item", "r.1")
    assert {item: value(found, "place", item) for item in found["items"]} == {"r.0": [0, 2], "r.1": [1, 2]}
    assert spun(desk, "join")["exit"] == 0


def test_a_spin_that_is_interrupted_ends_its_step(desk: Desk) -> None:
    change(desk, "self.turn = 0", "import time; open('begun', 'w').close(); time.sleep(600)")
    process = desk.start("spin", "total")
    progress.until(lambda: (desk.folder / "begun").exists(), "the step has begun", processes=[process.pid])
    process.send_signal(signal.SIGINT)
    out, _ = progress.finish(process)
    assert process.returncode == 130
    assert "total failed: Ended" in out or "total was stopped" in out
    (run,) = (desk.folder / ".flowport/flows/Shop/spins").iterdir()
    assert json.loads((run / "ended.json").read_text())["status"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_step_ends_with_the_spin(desk: Desk, number: signal.Signals) -> None:
    written = "import os, time; open('new', 'w').write(str(os.getpid())); os.rename('new', 'begun'); time.sleep(600)"
    change(desk, "self.turn = 0", written)
    process = desk.start("spin", "total")
    begun = desk.folder / "begun"
    progress.until(begun.exists, "the step has begun", processes=[process.pid])
    process.send_signal(number)
    progress.finish(process)
    progress.until(lambda: not Path(f"/proc/{begun.read_text()}").exists(), "the step has ended")
    (run,) = (desk.folder / ".flowport/flows/Shop/spins").iterdir()
    (attempt,) = run.glob("steps/total/*.attempt/*")
    assert [error["type"] for error in json.loads(attempt.read_text())["errors"].values()] == ["Ended"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("shop.py",), "STEP is missing\n  flowport spin shop.py STEP\n"),
        (("shop.py", "prize"), "`prize` is not a step of Shop\n  did you mean `price`?\n"),
        (("prize",), "step `prize` did not run in any run in DESK/.flowport\n  flowport run FILE.py\n"),
        (("shop.py", "price", "--run", "two"), "there is no run `two` of Shop in DESK/.flowport\n  flowport runs Shop\n"),
        (
            ("shop.py", "Other/one/price"),
            "`shop.py` has the flow Shop, and Other is named\n  name a run of Shop, or the file of the other flow\n",
        ),
        (("price", "--item", "r.9"), "step `price` has no item `r.9` in run `one`\n"),
        (("price", "--item", "x"), "step `price` has no item `x` in run `one`\n"),
        (("one/price", "--run", "one"), "`one/price` names a run, and so does `--run`\n  flowport spin price --run RUN --item ITEM\n"),
        (("a/b/c/d/e",), "`a/b/c/d/e` is not an address\n"),
        (("price", "--artifacts", "none.py"), "option `--artifacts`: file `none.py` does not exist\n"),
        (("price", "--facto", "3"), "the flow has no parameter `facto`; did you mean `factor`?\n"),
        (("shop.py", "price", "more"), "`more` is one argument too many\n"),
    ],
)
def test_a_wrong_request_says_what_to_type(desk: Desk, words: tuple[str, ...], message: str) -> None:
    done = desk("spin", *words)
    assert done.status == 2
    assert f"flowport spin: {message}" in done.err
    assert not (desk.folder / ".flowport/flows/Shop/spins").exists()


def test_a_step_that_never_ran_is_no_item(desk: Desk) -> None:
    change(desk, "self.turn = 0", "self.turn = 1 / 0")
    assert desk("run", "shop.py", "-q", "--run-id", "two").status == 1
    done = desk("spin", "shop.py", "end", "--run", "two")
    assert (done.status, done.err) == (
        2,
        "flowport spin: step `end` did not run in run `two` of Shop\n  the steps that ran in it are start, price, total\n",
    )
    assert spun(desk, "shop.py", "both")["of_run"] == "one"


def test_a_step_that_was_moved_cannot_get_what_it_read(desk: Desk) -> None:
    change(
        desk,
        'self.next(self.price, foreach="prices")',
        'self.next(self.pre, foreach="prices")\n\n    @step\n    def pre(self):\n        self.next(self.price)',
    )
    assert spun(desk, "shop.py", "price")["exit"] == 0  # a step before it does not matter
    left, both = SHOP.index("    @step\n    def left"), SHOP.index("    @step\n    def both")
    moved = (SHOP[:left] + SHOP[both:]).replace("self.left, self.right", "self.both").replace("both(self, inputs)", "both(self)")
    moved = moved.replace("inputs.left.made + inputs.right.made", "''").replace('self.merge_artifacts(inputs, include=["sum"])', "pass")
    desk.write("shop.py", moved)
    done = desk("spin", "shop.py", "both")
    assert done.status == 2
    assert done.err.endswith(
        "flowport spin: step `both` is no join, in no foreach or loop now, "
        "and was the join of branches, in no foreach or loop in run `one`\n"
        "  run the flow, and then this step of the new run: flowport spin FILE.py both\n"
    )


def test_artifacts_that_are_gone_are_named(desk: Desk) -> None:
    for blob in (desk.folder / ".flowport/blobs").rglob("*"):
        if blob.is_file() and blob.stat().st_size > 100_000:
            blob.unlink()
    done = desk("spin", "price")
    assert done.status == 1
    assert "artifact `large` of price/r.0 is missing: " in done.out + done.err


def test_code_that_is_gone_is_named(desk: Desk) -> None:
    shutil.rmtree(desk.folder / ".flowport/code")
    shutil.rmtree(desk.folder / ".cache")
    done = desk("spin", "shop.py", "price", "--run", "one")
    assert done.status == 1
    assert "code/DIGEST.zip" in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "`DESK/given.py` has no dictionary `ARTIFACTS` with artifacts by name"),
        ("ARTIFACTS = {1: 2}", "`DESK/given.py` has no dictionary `ARTIFACTS` with artifacts by name"),
        ("ARTIFACTS = {'factor': 2}", "`factor` is a parameter or a config, and no artifact: give it as an option"),
        ("ARTIFACTS = {'x': lambda: 0}", "`x` cannot be stored, so no step can get it"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_artifacts_that_no_step_can_get_are_refused(desk: Desk, text: str, message: str) -> None:
    desk.write("given.py", text)
    done = desk("spin", "price", "--artifacts", "given.py")
    assert done.status == 1
    assert message in done.out + done.err
    assert "price failed before its item began\n" in done.out


def test_what_the_step_prints_is_not_among_the_json(desk: Desk) -> None:
    done = desk("spin", "end", "--json")
    assert "the end of spin" in done.err
    assert json.loads(done.out)["status"] == "done"


def test_a_run_in_a_bucket_spins_into_a_folder(desk: Desk, bucket: str) -> None:
    store = f"s3://{bucket}/shop"
    assert desk("run", "shop.py", "-q", "--run-id", "far", "--store", store).status == 0
    shutil.rmtree(desk.folder / ".flowport")
    found = spun(desk, "shop.py", "price", "--store", store, "--item", "r.1")
    assert found["store"] == str(desk.folder / ".flowport")
    assert value(found, "where", "r.1") == [1, [[1, 4, 2]], 100_000]
    shown = json.loads(desk("artifacts", f"Shop/{found['run']}", "--json", AWS_ENDPOINT_URL="http://127.0.0.1:9").out)
    assert (shown["price/r.1"]["cost"], len(shown["price/r.1"]["large"])) == (104, 100_000)
    assert spun(desk, "shop.py", "total", "--store", store)["items"]["r"]["artifacts"]["sum"]["change"] == "unchanged"
