"""The decorators that serve models beside a step: what the compiler reads of them, and what it says of wrong arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sources import END, class_of, fine, read, write

HEAD = "from metaflow import current, nim, ollama, vllm"


def flow_file(folder: Path, mark: str, body: str = "pass", above: str = "") -> Path:
    text = class_of(f"{mark}\n@step\ndef start(self):\n    {body}\n    self.next(self.end)\n{END}", HEAD)
    return write(folder, {"flow.py": text.replace("class TrainFlow", f"{above}class TrainFlow")})


def served(path: Path, step: str = "start") -> dict[str, dict[str, Any]]:
    """What a step has served: the arguments by the name of the decorator."""
    return {one.decorator: dict(one.options) for one in fine(path).step(step).settings.served}


OLLAMA: dict[str, Any] = {
    "models": [], "cache_update_policy": "auto", "force_pull": False, "debug": False, "timeout_config": {}, "circuit_breaker_config": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@ollama", {}),
        ("@ollama(models=['a', 'b:1b'])", {"models": ["a", "b:1b"]}),
        ("@ollama(models='a')", {"models": ["a"]}),
        ("@ollama(models=['a'], backend='local', debug=True, force_pull=True)", {"models": ["a"], "debug": True, "force_pull": True}),
        ("@ollama(cache_update_policy='never')", {"cache_update_policy": "never"}),
        ("@ollama(cache_update_policy='never', force_cache_update=True)", {"cache_update_policy": "force"}),
        ("@ollama(skip_push_check=True)", {"cache_update_policy": "never"}),
        ("@ollama(skip_push_check=False)", {}),
        ("@ollama(timeout_config={'pull': 3600, 'install': 1})", {"timeout_config": {"pull": 3600, "install": 1}}),
        ("@ollama(circuit_breaker_config={'reset_timeout': 0.5})", {"circuit_breaker_config": {"reset_timeout": 0.5}}),
        ("@ollama(timeout_config=None, circuit_breaker_config=None, cache_update_policy=None)", {}),
    ],
)
def test_what_ollama_says_is_read(tmp_path: Path, mark: str, expected: dict[str, Any]) -> None:
    assert served(flow_file(tmp_path, mark)) == {"ollama": {**OLLAMA, **expected}}


VLLM: dict[str, Any] = {"model": "a/b", "openai_api_server": False, "debug": False, "max_retries": 60, "engine_args": {}}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@vllm(model='a/b')", {}),
        ("@vllm(model=['a/b'], source='huggingface')", {}),
        (
            "@vllm(model='a/b', backend='local', openai_api_server=True, debug=True, max_retries=300)",
            {"openai_api_server": True, "debug": True, "max_retries": 300},
        ),
        ("@vllm(model='a/b', engine_args={'dtype': 'half', 'rope': {'x': [1]}})", {"engine_args": {"dtype": "half", "rope": {"x": [1]}}}),
        ("@vllm(model='a/b', engine_args=None)", {}),
    ],
)
def test_what_vllm_says_is_read(tmp_path: Path, mark: str, expected: dict[str, Any]) -> None:
    assert served(flow_file(tmp_path, mark)) == {"vllm": {**VLLM, **expected}}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@nim", []),
        ("@nim(models=['a', 'b'])", [{"name": "a"}, {"name": "b"}]),
        ("@nim(models='a', monitor=False, persist_db=True)", [{"name": "a"}]),
        (
            "@nim(models=['a', {'name': 'b', 'nvcf_id': 'x', 'nvcf_version': 'y'}])",
            [{"name": "a"}, {"name": "b", "nvcf_id": "x", "nvcf_version": "y"}],
        ),
    ],
)
def test_what_nim_says_is_read(tmp_path: Path, mark: str, expected: list[Any]) -> None:
    assert served(flow_file(tmp_path / "step", mark)) == {"nim": {"models": expected}}
    assert served(flow_file(tmp_path / "flow", "", above=f"{mark}\n"), "end") == {"nim": {"models": expected}}


def test_nim_of_a_step_counts_before_that_of_the_flow(tmp_path: Path) -> None:
    path = flow_file(tmp_path, "@nim(models=['a'])", above="@nim(models=['b'])\n")
    assert [served(path, step)["nim"]["models"] for step in ("start", "end")] == [[{"name": "a"}], [{"name": "b"}]]


def test_nim_of_the_flow_changes_what_all_steps_compute(tmp_path: Path) -> None:
    above = ("", "@nim(models=['a'])\n", "@nim(models=['b'])\n")
    flows = [fine(flow_file(tmp_path / str(number), "", above=mark)) for number, mark in enumerate(above)]
    assert len({flow.step("end").digest for flow in flows}) == 3


@pytest.mark.parametrize("name", ["vllm", "nim"])
def test_what_a_decorator_adds_is_there_if_a_step_has_it(tmp_path: Path, name: str) -> None:
    fine(flow_file(tmp_path / "with", f"@{name}({'model' if name == 'vllm' else 'models'}='a')", f"print(current.{name})"))
    (found,) = read(flow_file(tmp_path / "without", "", f"print(current.{name})"))[1]
    assert (found.code, found.message) == ("FP145", f"`current` has no attribute `{name}`, which `@{name}` adds")


@pytest.mark.parametrize(
    ("mark", "message", "way_out"),
    [
        ("@vllm", "`model` of `@vllm` is missing", 'write `@vllm(model="Qwen/Qwen2.5-0.5B-Instruct")`'),
        ("@vllm(model='')", "`model` of `@vllm` is missing", 'write `@vllm(model="Qwen/Qwen2.5-0.5B-Instruct")`'),
        ("@vllm(model=3)", "`model` of `@vllm` must be a string, not `3`", 'write `@vllm(model="Qwen/Qwen2.5-0.5B-Instruct")`'),
        ("@vllm(model=['a', 'b'])", "must be one model, not 2", "write a step with a `@vllm` of its own for each of them"),
        ("@vllm(model='a', source='anaconda')", "is `anaconda`, and there is only `huggingface`", 'write `source="huggingface"`'),
        ("@vllm(model='a', max_retries=0)", "must be a whole number of at least 1, not `0`", "write `max_retries=60`"),
        (
            "@vllm(model='a', engine_args=['x'])",
            "`engine_args` of `@vllm` must be a dict of texts, numbers, lists and dicts, not `['x']`",
            'write `engine_args={"max_model_len": 4096}`',
        ),
        (
            "@vllm(model='a', engine_args={'x': b''})",
            "must be a dict of texts, numbers, lists and dicts, not `{'x': b''}`",
            'write `engine_args={"max_model_len": 4096}`',
        ),
        (
            "@nim(models=3)",
            "`models` of `@nim` must be a list of names, or of dicts with `name`, `nvcf_id`, `nvcf_version`, not `3`",
            'write `models=["meta/llama3-8b-instruct"]`',
        ),
        ("@nim(models=[''])", "`nvcf_id`, `nvcf_version`, not `['']`", 'write `models=["meta/llama3-8b-instruct"]`'),
        ("@nim(models=[{'id': 'x'}])", "not `[{'id': 'x'}]`", 'write `models=["meta/llama3-8b-instruct"]`'),
        ("@nim(models=['a'], monitor=1)", "`monitor` of `@nim` must be True or False, not `1`", "write `monitor=True`"),
        ("@ollama(models=3)", "`models` of `@ollama` must be a list of strings, not `3`", 'write `models=["llama3.2"]`'),
        ("@ollama(backend='remote')", "`backend` of `@ollama` is `remote`, and there is only `local`", 'write `backend="local"`'),
        (
            "@ollama(cache_update_policy='allways')",
            "is `allways`, and there are `auto`, `force`, `never`",
            'write `cache_update_policy="auto"`',
        ),
        ("@ollama(debug='yes')", "`debug` of `@ollama` must be True or False, not `'yes'`", "write `debug=True`"),
        (
            "@ollama(timeout_config=3)",
            "`timeout_config` of `@ollama` must be a dict of numbers, not `3`",
            'write `timeout_config={"pull": 10}`',
        ),
        ("@ollama(timeout_config={'pul': 3})", "`timeout_config` of `@ollama` has no `pul`", "did you mean `pull`?"),
        (
            "@ollama(timeout_config={'pull': '3'})",
            "`pull` in `timeout_config` of `@ollama` must be a number of at least 0, not `'3'`",
            'write `timeout_config={"pull": 10}`',
        ),
        (
            "@ollama(circuit_breaker_config={'reset_timeout': -1})",
            "`reset_timeout` in `circuit_breaker_config` of `@ollama` must be a number of at least 0, not `-1`",
            'write `circuit_breaker_config={"failure_threshold": 10}`',
        ),
    ],
)
def test_a_wrong_argument_is_named(tmp_path: Path, mark: str, message: str, way_out: str) -> None:
    (found,) = read(flow_file(tmp_path, mark))[1]
    assert found.code == "FP133"
    assert message in found.message
    assert way_out in found.help


def test_an_argument_that_does_nothing_is_a_warning(tmp_path: Path) -> None:
    (found,) = read(flow_file(tmp_path, "@ollama(card_refresh_interval=3)"))[1]
    assert (found.code, found.severity) == ("FP141", "warning")
    assert found.message == "`card_refresh_interval` of `@ollama` has no effect: there is no card of the server"


def test_the_manager_and_the_datastore_that_is_given_to_it_are_known(tmp_path: Path) -> None:
    body = "from metaflow.plugins.ollama import OllamaManager; OllamaManager(models=['a'], flow_datastore_backend=self._datastore)"
    fine(flow_file(tmp_path, "", body))


def test_what_is_served_changes_what_a_step_computes(tmp_path: Path) -> None:
    marks = ("", "@ollama(models=['a'])", "@ollama(models=['b'])")
    assert len({fine(flow_file(tmp_path / str(number), mark)).step("start").digest for number, mark in enumerate(marks)}) == 3
