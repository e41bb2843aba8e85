"""Tags of a run that change after it began, by the client and on the command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flowport.client import Flow, Run, namespace
from flowport.exceptions import MetaflowTaggingError
from flowport.runtime.records.run_record import document
from flowport.runtime.run.run_input import TAGS
from flowport.runtime.run.tags import change_tags, read_tags
from flowport.runtime.store.errors import Corrupt
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from solo import Solo


def test_tags_are_added_removed_and_replaced(train: Solo) -> None:
    run = Run("TrainFlow/1")
    run.add_tag("new")
    run.add_tags(["n2", "n3"])
    run.remove_tag("new")
    run.replace_tag("n2", "n4")
    run.replace_tags(["n3"], ["n5", "n6"])
    assert run.user_tags == Run("TrainFlow/1").user_tags == {"a", "b", "n4", "n5", "n6"}
    run.remove_tags(["n5", "n6"])
    assert run.user_tags == {"a", "b", "n4"}
    assert run.tags == run.user_tags | run.system_tags
    assert run["end"].tags == run["end"].task.tags == run.tags


def test_what_changes_nothing_is_accepted(train: Solo) -> None:
    run = Run("TrainFlow/1")
    run.remove_tag("absent")
    run.add_tag("a")
    run.add_tag("runtime:dev")
    run.add_tags("abc")  # one tag, as in Metaflow
    assert run.user_tags == {"a", "b", "abc"}


def test_a_list_stands_for_its_tags(train: Solo) -> None:
    run = Run("TrainFlow/1")
    run.add_tag(["c", "d"])
    assert run.user_tags == {"a", "b", "c", "d"}
    run.replace_tag(["a", "c"], ["e", "f"])
    assert run.user_tags == {"b", "d", "e", "f"}
    run.remove_tag(("e", "f"))
    assert run.user_tags == {"b", "d"}


def test_a_run_shows_the_tags_as_its_own_last_change_left_them(train: Solo) -> None:
    run, other = Run("TrainFlow/1"), Run("TrainFlow/1")
    run.add_tag("mine")
    other.remove_tag("mine")
    assert (run.user_tags, run.end_task.user_tags) == ({"a", "b", "mine"}, {"a", "b", "mine"})  # type: ignore[union-attr]
    assert Run("TrainFlow/1").user_tags == other.user_tags == {"a", "b"}


def test_runs_are_found_by_the_tags_that_they_have_now(train: Solo) -> None:
    Run("TrainFlow/1").replace_tag("a", "late")
    assert [run.id for run in Flow("TrainFlow").runs("late")] == ["1"]
    assert list(Flow("TrainFlow").runs("a")) == []
    Run("TrainFlow/1").add_tag("a")
    assert [run.id for run in Flow("TrainFlow").runs("a", "late")] == ["1"]


def test_a_run_is_moved_to_another_namespace_by_a_tag(train: Solo) -> None:
    Run("TrainFlow/1").add_tag("user:other")
    namespace("user:other")
    assert Flow("TrainFlow").latest_successful_run.id == "1"
    Run("TrainFlow/1").remove_tag("user:other")
    assert Flow("TrainFlow", _namespace_check=False).is_in_namespace() is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: run.remove_tag("runtime:dev"), "`runtime:dev` is a system tag, which cannot be removed"),
        (lambda run: run.replace_tags([], []), "there is no tag to remove and none to add: name at least one"),
        (lambda run: run.remove_tags(iter(())), "there is no tag to remove and none to add: name at least one"),
        (lambda run: run.add_tag(""), "a tag is a text that is not empty"),
        (lambda run: run.add_tag(3), "a tag is a text, and not a value of type `int`"),
        (lambda run: run.add_tags([b"x"]), "a tag is a text, and not a value of type `bytes`"),
        (lambda run: run.add_tag("x" * 257), "a tag is a text of at most 256 characters"),
        (lambda run: run.add_tags([str(number) for number in range(TAGS)]), f"a run has at most {TAGS} tags, and this one would have 102"),
    ],
)
def test_what_cannot_be_a_tag_is_refused(train: Solo, change: Any, message: str) -> None:
    with pytest.raises(MetaflowTaggingError, match=message):
        change(Run("TrainFlow/1"))
    assert Run("TrainFlow/1").user_tags == {"a", "b"}


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_the_changes_of_many_writers_all_count(train: Solo, kind: str, request: pytest.FixtureRequest) -> None:
    url = train.store.url if kind == "folder" else f"s3://{request.getfixturevalue('bucket')}/store"
    record = document(train.store, Keys("TrainFlow", "1"))

    def change(number: int) -> None:
        change_tags(open_store(url), Keys("TrainFlow", "1"), record, ["a"] if number == 0 else [], [f"t{number}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(8)))
    assert read_tags(open_store(url), Keys("TrainFlow", "1"), record) == ["b", *(f"t{number}" for number in range(8))]


@pytest.mark.parametrize("text", ["{", "[]", '{"v":2,"tags":"a"}', '{"v":2,"tags":[1]}', '{"v":99,"tags":[]}'])
def test_damaged_tags_are_reported(train: Solo, text: str) -> None:
    path = train.path(Keys("TrainFlow", "1").tags())
    path.write_text(text)
    with pytest.raises(Corrupt, match=r"tags.json` in .* cannot be read: "):
        read_tags(train.store, Keys("TrainFlow", "1"), document(train.store, Keys("TrainFlow", "1")))


def test_system_tags_say_who_ran_what(train: Solo) -> None:
    found = {tag.partition(":")[0]: tag.partition(":")[2] for tag in Run("TrainFlow/1").system_tags}
    assert (found["user"], found["runtime"]) == ("tester", "dev")
    assert sorted(found) == ["date", "flowport_version", "python_version", "runtime", "user"]
    assert Run("TrainFlow/1")._object["user_name"] == "tester"
    assert json.loads(train.store.read(Keys("TrainFlow", "1").run()))["tags"] == ["a", "b"]
