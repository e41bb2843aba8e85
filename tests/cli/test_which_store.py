"""Which store a command reads and writes: the one that it names, and never a bucket by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk import Desk
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.workspace.runs import survey

FLOW = """
from flowport import FlowSpec, step


class Tiny(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

BUCKET = "s3://nobody-has-this-bucket/flows"
SETTINGS = """
[profiles.same.argo]
store = "prod"
[profiles.same.airflow]
store = "prod"

[profiles.apart.argo]
store = "prod"
[profiles.apart.airflow]
store = "other"

[profiles.bucket]
store = "{bucket}"

[profiles.buckets.argo]
store = "{bucket}"

[profiles.folder]
store = "mine"

[airflow]
store = "staging"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Runs `prod`, `other` and `staging` in the stores of these names."""
    desk = Desk(tmp_path)
    desk.write("tiny.py", FLOW)
    desk.write("flowport.toml", SETTINGS.format(bucket=BUCKET))
    for name in ("prod", "other", "staging"):
        assert desk("run", "tiny.py", "--store", name, "--run-id", name).status == 0
    return desk


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (("--profile", "same"), "prod"),
        (("--profile", "apart", "--target", "airflow"), "other"),
        (("--profile", "apart", "-t", "argo"), "prod"),
        (("--target", "airflow"), "staging"),
        (("--target", "airflow", "--store", "other"), "other"),
    ],
)
def test_reading_commands_take_the_store_of_a_target(desk: Desk, words: tuple[str, ...], read: str) -> None:
    listed = desk("runs", *words)
    assert read in listed.out
    assert f"store: DESK/{read}" in listed.out
    for command in ("artifacts", "logs"):
        assert desk(command, f"Tiny/{read}", *words, FLOWPORT_STORE="prod").status == 0


def test_a_run_of_a_targets_store_is_resumed_there(desk: Desk) -> None:
    desk.write("tiny.py", FLOW.replace("pass", "print(1)"))
    assert desk("resume", "tiny.py", "Tiny/staging", "--target", "airflow", "--run-id", "again").status == 0
    assert (desk.folder / "staging/flows/Tiny/runs/again/run.json").exists()


def test_stores_that_differ_are_not_chosen_among(desk: Desk) -> None:
    for command in ("runs", "artifacts", "logs"):
        ended = desk(command, *(["Tiny/prod"] if command != "runs" else []), "--profile", "apart")
        assert ended.status == 2
        assert "the targets of profile `apart` have different stores\n  one of --target airflow, --target argo" in ended.err


def test_a_target_without_a_store_is_said(desk: Desk) -> None:
    ended = desk("runs", "--target", "sfn")
    assert (ended.status, ended.out) == (2, "")
    assert "flowport.toml names no store for target stepfunctions" in ended.err


RUN, DRY_RUN = ("run",), ("dry-run", "--target", "argo")


@pytest.mark.parametrize(
    ("command", "profile", "written"),
    [(RUN, "", ".flowport"), (RUN, "bucket", ".flowport"), (RUN, "buckets", ".flowport"), (RUN, "folder", "mine"),
     (DRY_RUN, "", ".flowport"), (DRY_RUN, "bucket", ".flowport"), (DRY_RUN, "buckets", ".flowport")],
)  # fmt: skip
def test_a_local_run_leaves_the_buckets_of_profiles_alone(desk: Desk, command: tuple[str, ...], profile: str, written: str) -> None:
    ended = desk(*command, "tiny.py", "--run-id", "here", *(["--profile", profile] if profile else []))
    assert ended.status == 0, ended.err
    assert (desk.folder / written / "flows/Tiny/runs/here/run.json").exists()


def unheard(text: str) -> None:
    raise AssertionError(text)


class Counting(FolderStore):
    """A store that counts what is read."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


def test_old_runs_cost_no_request(desk: Desk) -> None:
    document = json.loads((desk.folder / "prod/flows/Tiny/runs/prod/run.json").read_text())
    for number in range(60):
        run = f"engine-{number * 7 % 60:02}"  # whatever ids an engine gives
        desk.write(f"prod/flows/Tiny/runs/{run}/run.json", json.dumps({**document, "run": run, "started": 1767225600 + number}))
        desk.write("prod/" + Keys("Tiny", run).started(1767225600 + number), "")
    store = Counting(str(desk.folder / "prod"))
    _, found, damaged, older = survey(store, "Tiny", unheard, latest=5)
    assert [one["run"] for one in found] == ["prod", *(f"engine-{number * 7 % 60:02}" for number in range(59, 55, -1))]
    assert (damaged, older, store.reads) == ([], 56, 10)  # the documents of five runs, and their tags
    listed = desk("runs", "--store", "prod").out.splitlines()
    assert len([line for line in listed if line.startswith("Tiny ")]) == 20
    assert listed[-1] == "41 older runs: --all"
    assert len(desk("runs", "--store", "prod", "--all", "--json").out.splitlines()) == 61


def test_the_latest_run_that_began_is_found_behind_one_that_did_not(desk: Desk) -> None:
    assert desk("run", "tiny.py", "--store", "new").status == 0
    desk.write("new/flows/Tiny/runs/29991231-235959-abcdef/input.json", "{}")
    assert desk("artifacts", "Tiny", "--store", "new").status == 0


@pytest.mark.parametrize("option", [("--store", "new store"), ("--store=new store",)])
def test_what_to_type_next_reads_the_same_store(desk: Desk, option: tuple[str, ...]) -> None:
    assert desk("run", "tiny.py", *option, "--quiet").status == 0
    assert "  flowport runs Tiny --store 'new store'\n" in desk("status", "Tiny/nope", *option).err


@pytest.mark.parametrize("words", [("run", "tiny.py"), ("runs",), ("gc", "--older-than", "30d")])
def test_an_address_with_one_slash_is_no_folder(desk: Desk, words: tuple[str, ...]) -> None:
    before = sorted(desk.folder.iterdir())
    ended = desk(*words, "--store", "s3:/bucket/x")
    assert (ended.status, sorted(desk.folder.iterdir())) == (1, before)
    said = "the store `s3:/bucket/x` is no address: write `s3://bucket/x`, or `./s3:/bucket/x` for a folder of this name"
    assert ended.err == f"flowport {words[0]}: {said}\n"
