"""`@checkpoint`, `@model` and `@huggingface_hub`: what the compiler reads of them, and what it says of wrong arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Checkpointing, Hub, Models, Repository, Settings
from sources import END, class_of, fine, read, write

HEAD = "from metaflow import Checkpoint, checkpoint, current, huggingface_hub, load_model, model"


def flow_file(folder: Path, mark: str, body: str = "pass", head: str = HEAD) -> Path:
    return write(folder, {"flow.py": class_of(f"{mark}\n@step\ndef start(self):\n    {body}\n    self.next(self.end)\n{END}", head)})


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@checkpoint", Settings(checkpoint=Checkpointing("fresh", ""))),
        ("@checkpoint(load_policy=None, temp_dir_root=None)", Settings(checkpoint=Checkpointing("fresh", ""))),
        ("@checkpoint(load_policy='eager', temp_dir_root='/x', show_card=False)", Settings(checkpoint=Checkpointing("eager", "/x"))),
        ("@model", Settings(models=Models())),
        ("@model(load=None)", Settings(models=Models())),
        ("@model(load='one')", Settings(models=Models((("one", ""),)))),
        ("@model(load=['one', ('two', './two')])", Settings(models=Models((("one", ""), ("two", "./two"))))),
        ("@model(load=[('one', None)], best_effort_load=True)", Settings(models=Models((("one", ""),), True))),
        ("@model(temp_dir_root='/x')", Settings(models=Models(temp_dir_root="/x"))),
        ("@huggingface_hub", Settings(hub=Hub())),
        ("@huggingface_hub(cache_scope='flow', temp_dir_root='/x')", Settings(hub=Hub((), "flow", "/x"))),
        ("@huggingface_hub(load=['a/b'])", Settings(hub=Hub((Repository("a/b"),)))),
        ("@huggingface_hub(load=[('a/b', '/p')])", Settings(hub=Hub((Repository("a/b", "{}", "/p"),)))),
        (
            "@huggingface_hub(load=[{'repo_id': 'a/b', 'allow_patterns': ['*.json'], 'revision': 'v1'}])",
            Settings(hub=Hub((Repository("a/b", '{"allow_patterns": ["*.json"], "revision": "v1"}'),))),
        ),
        ("@huggingface_hub(load=[({'repo_id': 'a/b'}, '/p')])", Settings(hub=Hub((Repository("a/b", "{}", "/p"),)))),
    ],
)
def test_what_the_decorators_say_is_read(tmp_path: Path, mark: str, expected: Settings) -> None:
    assert fine(flow_file(tmp_path, mark)).step("start").settings == expected


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("@checkpoint(load_policy='fersh')", "`load_policy` of `@checkpoint` is `fersh`, and there are `eager`, `none`, `fresh`"),
        ("@checkpoint(load_policy=1)", "`load_policy` of `@checkpoint` must be a string, not `1`"),
        ("@checkpoint(show_card='no')", "`show_card` of `@checkpoint` must be True or False, not `'no'`"),
        ("@checkpoint(temp_dir_root=1)", "`temp_dir_root` of `@checkpoint` must be a string, not `1`"),
        ("@model(load=1)", "`load` of `@model` must be a list of names of artifacts, or of pairs of a name and a folder, not `1`"),
        ("@model(load=['two words'])", "of a name and a folder, not `['two words']`"),
        ("@model(load=[('a', 1)])", "of a name and a folder, not `[('a', 1)]`"),
        ("@model(best_effort_load=1)", "`best_effort_load` of `@model` must be True or False, not `1`"),
        (
            "@huggingface_hub(cache_scope='all')",
            "of `@huggingface_hub` is `all`, and there are `checkpoint`, `flow`, `global`",
        ),
        (
            "@huggingface_hub(load='a/b')",
            "must be a list of ids, of dicts with `repo_id`, or of pairs, not `'a/b'`",
        ),
        ("@huggingface_hub(load=[{'revision': 'x'}])", "of dicts with `repo_id`, or of pairs, not `[{'revision': 'x'}]`"),
        ("@huggingface_hub(load=[('a', 'b', 'c')])", "of dicts with `repo_id`, or of pairs, not `[('a', 'b', 'c')]`"),
    ],
)
def test_a_wrong_argument_is_named(tmp_path: Path, mark: str, message: str) -> None:
    found = read(flow_file(tmp_path, mark))[1]
    assert [one.code for one in found] == ["FP133"]
    assert message in found[0].message
    assert found[0].help


def test_an_unknown_argument_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    (found,) = read(flow_file(tmp_path, "@model(loaded='x')"))[1]
    assert (found.code, found.help[0]) == ("FP131", "did you mean `load`?")


@pytest.mark.parametrize("name", ["checkpoint", "model", "huggingface_hub"])
def test_what_a_decorator_adds_is_there_if_a_step_has_it(tmp_path: Path, name: str) -> None:
    fine(flow_file(tmp_path / "with", f"@{name}", f"print(current.{name})"))
    (found,) = read(flow_file(tmp_path / "without", "", f"print(current.{name})"))[1]
    assert (found.code, found.message) == ("FP145", f"`current` has no attribute `{name}`, which `@{name}` adds")
    assert found.help[0] == f"put `@{name}` above the step"


def test_a_policy_does_not_change_what_a_step_computes_and_what_it_loads_does(tmp_path: Path) -> None:
    def digest(mark: str) -> str:
        return fine(flow_file(tmp_path / str(abs(hash(mark))), mark)).step("start").digest

    assert digest("") == digest("@checkpoint(load_policy='eager')")
    assert len({digest("@model(load='one')"), digest("@model(load='two')"), digest("")}) == 3
