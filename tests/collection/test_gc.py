"""`flowport gc`: which runs go, what belongs to them, and what stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collection.world import DAY, HOUR, Cloud, World, folder_store, object_store
from flowport.cli import execute
from flowport.runtime.protocol import GATE, STOP
from flowport.runtime.records.run_record import read
from flowport.runtime.run.form import put_input
from flowport.runtime.run.history import History
from flowport.runtime.run.tags import change_tags
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys, blob_key
from flowport.runtime.table.table import RunTable
from flowport.workspace.collection.blobs import Removal
from flowport.workspace.collection.collect import Collected, collect
from flowport.workspace.collection.retention import Rule
from solo import Broken, Solo
from table.rows import put_row, put_run

MONTH = Rule(30 * DAY, 0)

FLOW = """
class Small(FlowSpec):
    text = Parameter("text", default="short")
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        self.large = self.text * 10
        self.lists = [["l" * 70_000, number] for number in range(3)]
        self.next(self.each, foreach="lists")

    @step
    def each(self):
        self.own = bytes([self.input[1]]) * 70_000
        if self.input[1] == 2 and self.fails:
            raise ValueError
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.sizes = [len(other.own) for other in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A clock."""
    return World(0, monkeypatch)


@pytest.fixture
def store(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    """A store in a folder."""
    return folder_store(world, monkeypatch, tmp_path / "store")


@pytest.fixture
def solo(tmp_path: Path, store: FolderStore) -> Solo:
    """A flow with values in blobs of their own."""
    return Solo(tmp_path, FLOW, store)


def gone(store: Any, rule: Rule = MONTH, dry_run: bool = False) -> Collected:
    """A collection that reports nothing."""
    reports: list[str] = []
    found = collect(store, rule, map, reports.append, dry_run)
    assert reports == []
    return found


def runs_of(found: Collected) -> list[str]:
    return sorted(run.keys.id for run in found.runs)


def everything(store: FolderStore) -> list[str]:
    return [entry.key for entry in store.entries("")]


def test_a_run_goes_with_all_that_belongs_to_it(solo: Solo, world: World) -> None:
    code = [entry.key for entry in solo.store.entries("")]
    for run in ("1", "2"):
        solo.run(run, parameters={"text": run * 7_000}, tags=["nightly"])
    before = solo.everything("2")
    world.pass_time(31 * DAY)
    would = gone(solo.store, Rule(30 * DAY, 1), dry_run=True)
    assert runs_of(would) == ["1"]
    found = gone(solo.store, Rule(30 * DAY, 1))
    assert runs_of(found) == ["1"]
    assert found.blobs == would.blobs
    assert solo.everything("2") == before
    assert [*History(solo.store, "Small").entries()] == [*History(solo.store, "Small").entries("nightly")]
    assert [run for _, run in History(solo.store, "Small").entries()] == ["2"]
    solo.store.delete_all([entry.key for entry in solo.store.entries("flows/Small/runs/2/")])
    gone(solo.store)
    assert everything(solo.store) == code


def test_blobs_go_when_they_are_older_than_a_week(solo: Solo, world: World) -> None:
    solo.run("1")
    world.pass_time(DAY)
    assert gone(solo.store, Rule(HOUR, 0)).runs == (), "the newest run that is done stays"
    solo.run("2")
    world.pass_time(DAY)
    assert runs_of(gone(solo.store, Rule(HOUR, 0))) == ["1"]
    assert list(solo.store.entries("blobs/"))
    world.pass_time(8 * DAY)
    blobs = gone(solo.store, Rule(HOUR, 0)).blobs
    assert blobs is not None
    assert blobs.deleted == 0, "run 2 has the same values"
    assert solo.everything("2")


def test_what_is_kept_by_number_by_tag_and_by_age(store: FolderStore, world: World) -> None:
    now = world.now
    for number in range(6):
        put_run(store, f"run-{number}", started=now + number, status="failed", tags=["release"] if number == 1 else [])
    put_run(store, "first", started=now - 1, status="done")
    put_run(store, "other", started=now, status="done", flow="Other")
    record = read(store, Keys("Train", "run-2")).doc
    world.pass_time(31 * DAY)
    change_tags(store, Keys("Train", "run-2"), record, [], ["keep"])
    put_run(store, "young", started=world.now, status="failed")
    rule = Rule(30 * DAY, 3, frozenset({"release", "keep"}), frozenset({"Train"}))
    assert runs_of(gone(store, rule)) == ["run-0", "run-3"]
    assert sorted(store.folders("flows/Train/runs/")) == ["first", "run-1", "run-2", "run-4", "run-5", "young"]
    assert store.folders("flows/Other/runs/") == ["other"]


def test_each_branch_of_a_project_keeps_its_newest_runs(store: FolderStore, world: World) -> None:
    for number, branch in enumerate(["prod", "prod", "user.jane", "user.jane"]):
        put_run(store, f"run-{number}", started=world.now + number, status="failed")
        key = Keys("Train", f"run-{number}").run()
        store.replace(key, json.dumps({**json.loads(store.read(key)), "system_tags": [f"project_branch:{branch}"]}).encode())
    world.pass_time(31 * DAY)
    assert runs_of(gone(store, Rule(30 * DAY, 1))) == ["run-0", "run-2"]


def test_a_run_that_another_one_needs_stays(solo: Solo, world: World) -> None:
    with pytest.raises(Broken):
        solo.run("1", parameters={"fails": True})
    with pytest.raises(Broken):
        solo.run("2", origin_run="1")
    world.pass_time(31 * DAY)
    with pytest.raises(Broken):
        solo.run("3", origin_run="2")
    found = gone(solo.store)
    assert found.runs == ()
    assert {run.keys.id: other.keys.id for run, other in found.kept.items()} == {"1": "3", "2": "3"}
    solo.run("4", origin_run="3", parameters={"fails": False})
    world.pass_time(31 * DAY)
    before = solo.everything("4")
    assert runs_of(gone(solo.store)) == ["1", "2", "3"]
    assert solo.everything("4") == before


def test_a_done_run_needs_the_models_and_objects_of_those_that_it_resumed(solo: Solo, world: World) -> None:
    solo.run("1")
    solo.run("2", origin_run="1")
    solo.run("3", origin_run="2")
    solo.store.create(f"{Keys('Small', '1').data()}object", b"data")
    world.pass_time(31 * DAY)
    assert sorted(run.keys.id for run in gone(solo.store).kept) == ["1", "2"]


def test_a_run_that_is_not_done_needs_the_one_that_started_it(solo: Solo, store: FolderStore, world: World) -> None:
    put_run(store, "upstream", started=world.now, status="failed")
    with pytest.raises(Broken):
        solo.run("1", parameters={"fails": True}, trigger="Train/upstream")
    put_run(store, "newest", started=world.now + 1, status="done")
    world.pass_time(31 * DAY)
    assert {run.name: other.name for run, other in gone(store, Rule(30 * DAY, 1)).kept.items()} == {"Train/upstream": "Small/1"}
    store.create(Keys("Train", "upstream").deleting(), b"{}")
    solo.store.create(Keys("Small", "2").input(), b'{"trigger": "Train/upstream"}')
    assert solo.perform("start", run="2") == STOP


def test_an_attempt_that_failed_keeps_what_it_finished(solo: Solo, world: World) -> None:
    solo.width = 1
    with pytest.raises(Broken):
        solo.run("1", parameters={"fails": True})
    world.pass_time(20 * DAY)
    gone(solo.store)
    solo.run("2", origin_run="1", parameters={"fails": False})
    assert solo.manifest("each", "s.0", "2")["taken"] == [["1", [[0, 2]]]]


def test_the_input_of_a_run_in_a_blob_stays(solo: Solo, world: World) -> None:
    reference = put_input(solo.store, {"parameters": {"text": "large"}})
    solo.run("1", input=reference)
    world.pass_time(20 * DAY)
    gone(solo.store)
    assert solo.artifacts("end", run="1")["text"] == "large"
    assert solo.store.exists(blob_key(reference.partition(":")[0]))


def test_no_run_begins_with_one_that_is_being_deleted(solo: Solo, capsys: pytest.CaptureFixture[str]) -> None:
    solo.run("1")
    solo.store.create(Keys("Small", "1").deleting(), b"{}")
    solo.store.create(Keys("Small", "2").input(), b'{"origin_run": "1"}')
    assert solo.perform("start", run="2") == STOP
    assert "`flowport gc` is deleting run `1` of Small" in capsys.readouterr().err


def test_what_a_killed_collection_has_announced_waits_and_what_it_began_is_finished(solo: Solo, world: World) -> None:
    for run in ("1", "2", "3"):
        solo.run(run)
    world.pass_time(31 * DAY)
    for run in ("1", "2"):
        solo.store.create(Keys("Small", run).deleting(), json.dumps({"time": world.now, "host": "elsewhere", "process": 1}).encode())
    solo.store.delete(Keys("Small", "2").run())
    first = gone(solo.store, Rule(30 * DAY, 1))
    assert (runs_of(first), first.left, first.unfinished) == ([], 1, 1)
    assert solo.store.folders("flows/Small/runs/") == ["1", "3"]
    world.pass_time(25 * HOUR)
    kept = gone(solo.store, Rule(30 * DAY, 2))
    assert kept.runs == ()
    assert not solo.store.exists(Keys("Small", "1").deleting())
    assert runs_of(gone(solo.store, Rule(30 * DAY, 1))) == ["1"]


def test_tables_have_no_deleted_runs(store: FolderStore, world: World) -> None:
    for number in range(120):
        put_row(store, f"run-{number:03}", started=world.now + number)
    world.pass_time(2 * DAY)
    assert len(RunTable(store, "Train").rows()) == 120
    assert store.names("flows/Train/table/chunks/")
    world.pass_time(31 * DAY)
    assert len(gone(store, Rule(30 * DAY, 5)).runs) == 115
    assert len(RunTable(store, "Train").rows()) == 5
    assert len([*store.entries("flows/Train/table/changes/")]) == 5
    assert len([*store.entries("flows/Train/index/")]) == 10


def test_where_a_document_cannot_be_read_all_blobs_stay(
    solo: Solo, world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("1", "2"):
        solo.run(run, parameters={"text": run * 7_000})
    world.pass_time(31 * DAY)
    manifest = solo.path(Keys("Small", "2").manifest("end", "s", 0))
    manifest.write_text(manifest.read_text().replace('"v":', '"v":9'))
    foreign = [solo.path("blobs/notes"), solo.path("flows/Small/runs/50%/x"), solo.path("flows/Small/else/x")]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("somebody's")
    blobs = [*solo.store.entries("blobs/")]
    assert execute(["gc", "--older-than", "30d", "--keep", "1", "--store", solo.store.url]) == 1
    said = capsys.readouterr()
    assert "deleted 1 run of 2" in said.out
    assert "no blob was deleted, because this may need some" in said.err
    assert f"`{Keys('Small', '2').manifest('end', 's', 0)}`" in said.err
    assert [entry.key for entry in solo.store.entries("blobs/")] == [entry.key for entry in blobs]
    manifest.unlink()
    assert execute(["gc", "--older-than", "30d", "--keep", "1", "--store", solo.store.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["blobs"]["deleted"] >= 3
    assert all(path.exists() for path in foreign)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--older-than", "30"], "option `--older-than`: `30` is not a duration such as `30d`, `12h`, `90m` or `2w`"),
        (["--older-than", "2w", "--keep", "-1"], "option `--keep`: `-1` is not a whole number from 0 on"),
        (["Nobody", "--older-than", "1.5h"], "no run of `Nobody` is in"),
        (["Kept/latest", "--older-than", "1h"], "no run of `Kept/latest` is in"),
        ([], "`--older-than` is missing"),
        (["--older-than", "1h", "--store", str(Path(__file__).parent)], "there is no store in"),
        (["--older-than", "1h", "--store", "/no/store"], "there is no store in /no/store"),
    ],
)
def test_wrong_use_is_explained(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flows").mkdir()
    monkeypatch.setenv("FLOWPORT_STORE", str(tmp_path))
    assert execute(["gc", *words]) == 2
    assert said in capsys.readouterr().err


def test_what_is_written_again_while_it_is_deleted_is_read_from_the_copy_and_put_back(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = object_store(world, monkeypatch, tmp_path)
    solo = Solo(tmp_path, FLOW, store)
    solo.run("1")
    solo.run("2", parameters={"text": "other"})
    world.pass_time(31 * DAY)
    copy = Cloud.copy
    started: list[str] = []

    def copy_and_start(self: Cloud, client: object, key: str, to: str) -> None:
        copy(self, client, key, to)
        if not started:
            started.append("3")
            solo.run("3")

    monkeypatch.setattr(Cloud, "copy", copy_and_start)
    first = gone(store)
    assert runs_of(first) == ["1"]
    assert first.blobs is not None
    assert first.blobs.aside > 0
    [collection] = store.folders("blobs/removed/")
    before = solo.everything("3")
    solo.run("4", origin_run="3")
    assert solo.everything("4") == before
    world.pass_time(3 * DAY)
    second = gone(store).blobs
    assert second is not None
    assert second.restored > 0
    assert collection not in store.folders("blobs/removed/")
    assert solo.everything("3") == before


def test_unfinished_writes_of_a_folder_go(store: FolderStore, world: World) -> None:
    store.create("flows/x", b"")
    left, other = Path(store.root, "tmp/123-0123456789abcdef"), Path(store.root, "tmp/notes")
    left.write_bytes(b"half")
    other.write_bytes(b"somebody's")
    world.pass_time(31 * DAY)
    blobs = gone(store).blobs
    assert blobs is not None
    assert blobs.deleted_size == 4
    assert not left.exists()
    assert other.exists()


def test_nothing_behind_a_symbolic_link_is_deleted(store: FolderStore, world: World, tmp_path: Path) -> None:
    foreign, moved = tmp_path / "foreign", tmp_path / "moved"
    foreign.mkdir()
    (foreign / "notes").write_text("somebody's")
    for number, run in enumerate(["inside", "linked", "newest"]):
        put_run(store, run, started=world.now + number, status="done")
    runs = Path(store.root, "flows/Train/runs")
    (runs / "inside/mine").symlink_to(foreign)
    (runs / "inside/around").symlink_to(runs / "inside")
    (runs / "round").symlink_to("round")
    (runs / "nowhere").symlink_to("nothing")
    (runs / "linked").rename(moved)
    (runs / "linked").symlink_to(moved)
    Path(store.root, "flows/Round").symlink_to("Round")
    kept = sorted(moved.iterdir())
    world.pass_time(31 * DAY)
    found = gone(store, Rule(30 * DAY, 1))
    assert (runs_of(found), found.stay) == (["inside"], {"linked": 1, "newest": 1})
    assert [path.name for path in foreign.iterdir()] == ["notes"]
    assert sorted(moved.iterdir()) == kept
    assert not (runs / "inside/run.json").exists()
    assert execute(["runs", "Train", "--store", store.url]) == 0


def test_blobs_of_a_run_behind_a_symbolic_link_stay(solo: Solo, world: World, tmp_path: Path) -> None:
    solo.run("1")
    before = solo.everything("1")
    folder = solo.path("flows/Small/runs/1")
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    world.pass_time(31 * DAY)
    assert gone(solo.store).blobs == Removal(0, 0, 0, 0, 0)
    assert solo.everything("1") == before


@pytest.mark.parametrize("data", [b"", b"junk", b"[]", b"{}", b'"time"'])
def test_a_damaged_announcement_counts_for_a_day(store: FolderStore, world: World, data: bytes) -> None:
    for number in range(2):
        put_run(store, f"run-{number}", started=world.now + number, status="done")
    world.pass_time(31 * DAY)
    store.create(Keys("Train", "run-0").deleting(), data)
    reports: list[str] = []
    assert collect(store, Rule(30 * DAY, 1), map, reports.append).left == 1
    assert reports == [
        f"`flows/Train/runs/run-0/deleting.json` in {store.url} is damaged: its run is left alone until a day after this was written"
    ]
    world.pass_time(DAY + 1)
    assert runs_of(collect(store, Rule(30 * DAY, 1), map, reports.append)) == ["run-0"]


def test_what_is_left_of_runs_that_did_not_begin_goes(store: FolderStore, world: World) -> None:
    for run in ("idle", "waiting", "more"):
        store.create(Keys("Train", run).input(), b"{}")
    for run in ("idle", "more"):
        store.create(Keys("Train", run).route(GATE, "s", 0), b'{"to": {"start": false}, "again": false}')
        store.create(Keys("Train", run).log(GATE, "s", 0, 0), b"this run does not begin")
    store.create(Keys("Train", "more").manifest("start", "s", 0), b"{}")
    put_run(store, "begun", started=world.now)
    store.create(Keys("Train", "begun").route(GATE, "s", 0), b'{"to": {"start": true}, "again": false}')
    rule = Rule(HOUR, 1)
    world.pass_time(23 * HOUR)
    assert gone(store, rule).not_begun == ()
    world.pass_time(2 * HOUR)
    for dry_run in (True, False):
        assert [run.keys.id for run in gone(store, rule, dry_run).not_begun] == ["idle"]
    assert store.folders("flows/Train/runs/") == ["begun", "more", "waiting"]


def test_the_hour_is_for_runs_that_are_not_done(store: FolderStore, world: World) -> None:
    for number, status in enumerate(["done", "failed", "done"]):
        put_run(store, f"run-{number}", started=world.now + number, status=status)
    world.pass_time(HOUR / 2)
    first = gone(store, Rule(HOUR / 6, 0))
    assert (runs_of(first), first.stay) == (["run-0"], {"young": 1, "newest": 1})
    world.pass_time(HOUR)
    assert runs_of(gone(store, Rule(HOUR / 6, 0))) == ["run-1"]


def test_it_is_said_why_runs_stay(store: FolderStore, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    put_run(store, "tagged", started=world.now, status="failed", tags=["release"])
    put_run(store, "old", started=world.now, status="done")
    world.pass_time(31 * DAY)
    put_run(store, "young", started=world.now, status="failed")
    words = ["gc", "--older-than", "30d", "--keep", "0", "--keep-tag", "release", "--dry-run", "--store", store.url]
    assert execute(words) == 0
    assert "would delete 0 runs of 3, 0 bytes\nstay: 1 too young, 1 among the newest, 1 tagged\n" in capsys.readouterr().out
    assert execute([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stay"] == {"young": 1, "newest": 1, "tagged": 1}
    assert execute([word.replace("release", "relaese") for word in words]) == 0
    assert capsys.readouterr().err == "flowport gc: no run that may go has the tag `relaese`\n"
