"""The GitHub Action and the pre-commit hooks of this repository: their files, and their commands in a repository with flows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from pre_commit.clientlib import InvalidManifestError, load_manifest

from sources import write

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
DOCS = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXAMPLES = {"vendor.github-workflows": "on: [push", "vendor.gitlab-ci": "image: python"}
"""Words of the examples in the documentation, by the schema that describes them."""

FLOW = """
from flowport import FlowSpec, step, trigger_on_finish


{mark}
class {name}(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = '[argo]\nstore = "s3://bucket/prefix"\nimage = "flows:1"\nnamespace = "flows"\n[profiles.other.argo]\nimage = "flows:2"\n'


def flow(name: str, mark: str = "") -> str:
    return FLOW.format(name=name, mark=mark)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with two flows that fit together."""
    upstream = '@trigger_on_finish(flow="Load")'
    write(tmp_path, {"flowport.toml": SETTINGS, "flows/load.py": flow("Load"), "flows/train.py": flow("Train", upstream)})
    return tmp_path


def run(folder: Path, command: list[str], **variables: str) -> tuple[int, str]:
    """The exit status of a command that finds our `flowport`, and what it prints on standard output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWPORT_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env={**kept, "PATH": path, **variables}, capture_output=True, text=True)
    return done.returncode, done.stdout


def inputs_with(given: dict[str, str]) -> dict[str, str]:
    return {name: str(one["default"]) for name, one in ACTION["inputs"].items()} | given


def runs(step: dict[str, Any], inputs: dict[str, str], installed: str = "success") -> bool:
    """Whether the `if:` of a step holds, where the installation has this outcome and nobody cancels; without one it is `success()`."""
    words = step.get("if", "${{ steps.install.outcome == 'success' }}").removeprefix("${{").removesuffix("}}").strip()
    words = words.replace("!cancelled()", "True").replace("&&", "and").replace("steps.install.outcome", repr(installed))
    return bool(eval(re.sub(r"inputs\.([\w-]+)", lambda found: repr(inputs[found[1]]), words), {"__builtins__": {}}))


def steps(folder: Path, **given: str) -> list[tuple[int, str]]:
    """What the steps of the action come to that run `flowport`."""
    inputs = inputs_with(given)
    found = []
    for step in ACTION["runs"]["steps"]:
        if "flowport" not in step.get("run", "") or not runs(step, inputs):
            continue
        env = {name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text) for name, text in step["env"].items()}
        # GitHub's documentation, "Workflow syntax", `shell: bash`.
        found.append(run(folder, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], **env))
    return found


def validate(path: Path, schema: str) -> tuple[int, str]:
    ended = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(path)])
    return ended.exit_code, ended.output


def test_the_action_and_the_examples_are_valid(tmp_path: Path) -> None:
    assert validate(ROOT / "action.yml", "vendor.github-actions")[0] == 0
    blocks = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
    for schema, words in EXAMPLES.items():
        (example,) = [block for block in blocks if words in block]
        (tmp_path / "example.yml").write_text(example)
        assert validate(tmp_path / "example.yml", schema) == (0, "ok -- validation done\n")
    (tmp_path / "action.yml").write_text("name: 3\n")
    assert validate(tmp_path / "action.yml", "vendor.github-actions")[0] == 1


def unknown_names(action: dict[str, Any]) -> list[str]:
    """What the expressions of an action name that it does not have; GitHub takes such a name for an empty text, and says nothing."""
    declared = {f"inputs.{name}" for name in action["inputs"]}
    found = []
    for step in action["runs"]["steps"]:
        found += [name for name in re.findall(r"\b(?:inputs|steps)\.[\w-]+", yaml.safe_dump(step)) if name not in declared]
        declared.add(f"steps.{step.get('id')}")
    return found


def test_the_expressions_of_the_action_name_inputs_and_steps_that_it_has() -> None:
    assert unknown_names(ACTION) == []
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\binputs\.([\w-]+)", text)) == set(ACTION["inputs"]), "there is an input that nothing reads"
    for name, other in (("inputs.compiled", "inputs.complied"), ("inputs.profile", "inputs.profil"), ("id: install", "id: installs")):
        assert unknown_names(yaml.safe_load(text.replace(name, other)))


@pytest.mark.parametrize(
    ("given", "installed", "expected"),
    [
        ({}, "success", ["setup-python", "check", "graph"]),
        ({"python-version": ""}, "success", ["check", "graph"]),
        ({"compiled": "build"}, "success", ["setup-python", "check", "compile", "graph"]),
        ({"compiled": "build"}, "failure", ["setup-python"]),
    ],
)
def test_the_steps_of_the_action_run_if_they_are_needed(given: dict[str, str], installed: str, expected: list[str]) -> None:
    words = {"actions/setup-python": "setup-python", **{f"flowport {name} ": name for name in ("check", "compile", "graph")}}
    found = [yaml.safe_dump(step, width=1000) for step in ACTION["runs"]["steps"] if runs(step, inputs_with(given), installed)]
    assert [name for text in found for word, name in words.items() if word in text] == expected


def test_pre_commit_reads_the_hooks(tmp_path: Path) -> None:
    read = load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    assert [hook["id"] for hook in read] == [hook["id"] for hook in HOOKS]
    (tmp_path / "hooks.yaml").write_text(
        (ROOT / ".pre-commit-hooks.yaml").read_text().replace("pass_filenames: false", "pass_filenames: no?")
    )
    with pytest.raises(InvalidManifestError, match="pass_filenames"):
        load_manifest(str(tmp_path / "hooks.yaml"))


def test_the_documentation_names_the_inputs_and_the_hooks() -> None:
    assert re.findall(r"^\| `([\w-]+)` \|", DOCS, re.MULTILINE) == list(ACTION["inputs"])
    examples = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)]
    (used,) = [example["repos"][0]["hooks"] for example in examples if "repos" in example]
    assert [hook["id"] for hook in used] == [hook["id"] for hook in HOOKS]
    (action,) = [example["jobs"]["check"]["steps"][1] for example in examples if "jobs" in example]
    assert set(action["with"]) <= set(ACTION["inputs"])


def test_the_action_installs_this_repository(tmp_path: Path) -> None:
    (install,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "install"]
    # For pip, a variable that turns "no" off means that there is none.
    here = {"PIP_TARGET": str(tmp_path / "site"), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    assert run(tmp_path, ["bash", "-c", install["run"]], GITHUB_ACTION_PATH=str(ROOT), **here)[0] == 0
    code = "import flowport.cli; print(flowport.cli.__file__)"
    found = run(tmp_path, [sys.executable, "-c", code], PYTHONPATH=str(tmp_path / "site"))
    assert found == (0, f"{tmp_path}/site/flowport/cli/__init__.py\n")


def test_the_action_finds_nothing_wrong_with_good_flows(folder: Path) -> None:
    assert steps(folder) == [(0, ""), (0, "")]
    assert run(folder, ["flowport", "compile", "flows", "--target", "argo", "-o", "build"])[0] == 0
    given = {"paths": "flows  flows/load.py", "targets": "argo", "compiled": "build"}
    assert steps(folder, **given) == [(0, ""), (0, "build is up to date\n"), (0, "")]


def test_the_action_annotates_what_is_wrong(folder: Path) -> None:
    broken = flow("Broken").replace("self.end)", "self.emd)")
    write(folder, {"flows/broken.py": broken, "flows/score.py": flow("Score", '@trigger_on_finish(flow="Trian")')})
    mistake = "::error file=flows/broken.py,line=9,endLine=9,col=9,endColumn=28,title=FP201::"
    check, graph = steps(folder, paths="flows")
    assert (check[0], check[1].startswith(mistake), len(check[1].splitlines())) == (1, True, 1)
    assert graph[0] == 1
    assert mistake in graph[1]
    assert "::error file=flows/score.py,line=5,endLine=5,col=2,endColumn=33,title=FP264::Score waits for runs of `Trian`" in graph[1]
    assert "%0Ahelp: did you mean `Train`?" in graph[1]
    assert [status for status, _ in steps(folder, paths="flows/load.py flows/train.py")] == [0, 0]


def test_the_action_takes_every_input(folder: Path) -> None:
    write(folder, {"flows/score.py": flow("Score", '@trigger_on_finish(flow="Far")')})
    assert run(folder, ["flowport", "compile", "flows", "--target", "argo", "--profile", "other", "-o", "build"])[0] == 0
    given = {"paths": "flows", "targets": "argo", "compiled": "build", "elsewhere": "Far Farther"}
    assert [status for status, _ in steps(folder, profile="other", **given)] == [0, 0, 0]
    check, compiled, graph = steps(folder, **given)
    assert [check[0], compiled[0], graph[0]] == [0, 1, 0]
    assert "build/score.yaml is different" in compiled[1]
    last = "::error title=flowport compile --check::the files in build are not what the flows compile to; the log of this step says more"
    assert compiled[1].splitlines()[-1] == last
    assert [status for status, _ in steps(folder, paths="flows", targets="argo airflow", elsewhere="Far")] == [1, 0]


def hook(folder: Path, name: str, *arguments: str) -> tuple[int, str]:
    """What a hook comes to, as pre-commit runs it: with its own arguments, unless somebody gives others."""
    (found,) = [one for one in HOOKS if one["id"] == name]
    assert not found["pass_filenames"]
    return run(folder, [*shlex.split(found["entry"]), *(arguments or found.get("args", []))])


def test_the_hooks_run_as_they_are_written(folder: Path) -> None:
    found: dict[str, Any] = {one["id"]: hook(folder, one["id"])[0] for one in HOOKS}
    assert found == {"flowport-check": 0, "flowport-graph": 0, "flowport-compile": 2}
    assert hook(folder, "flowport-compile", "flows/", "--target", "argo", "-o", "build/")[0] == 1
    write(folder, {"flows/score.py": flow("Score", '@trigger_on_finish(flow="Trian")')})
    assert [hook(folder, name)[0] for name in ("flowport-check", "flowport-graph")] == [0, 1]
