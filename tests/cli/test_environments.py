"""`environments`, `repository` and `image_platforms` of a profile: the images in compiled files, and what is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.workspace.flow_file import FlowFile, open_flow
from flowport.workspace.targets import emit, find_target, prepare
from locks import lock
from plans import NO_CODE

FLOW = """
from metaflow import FlowSpec, batch, conda, kubernetes, pypi, pypi_base, step


class Train(FlowSpec):
    @pypi(packages={"pandas": "2.1"})
    @step
    def start(self):
        self.next(self.train)

    @pypi(packages={"pandas": "2.2"}, python="3.12")
    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
LOOP = """
from metaflow import FlowSpec, pypi, step


class Turning(FlowSpec):
    @step
    def start(self):
        self.next(self.turn)

    @pypi(packages={"pandas": "2.1"})
    @step
    def turn(self):
        self.next(self.judge)

    @step
    def judge(self):
        self.way = "done"
        self.next({"again": self.turn, "done": self.end}, condition="way")

    @step
    def end(self):
        pass
"""
IMAGES = 'environments = "image"\nrepository = "registry.example.com/flows"\n'
TABLES = """
store = "s3://bucket/flows"
[argo]
[airflow]
[stepfunctions]
job_queue = "flows"
region = "eu-central-1"
account = "123456789012"
"""
TARGETS = ("argo", "airflow", "stepfunctions")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a flow and its lock files, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").write_text(FLOW)
    lock(tmp_path, {"pandas": "2.1"})
    lock(tmp_path, {"pandas": "2.2"}, "3.12", asked="3.12")
    return tmp_path


def opened(folder: Path, settings: str, tables: str = TABLES) -> FlowFile:
    (folder / "flowport.toml").write_text(settings + tables)
    return open_flow("flow.py", None)


def emitted(flow: FlowFile, target: str) -> str:
    """All files for a target; nothing may be wrong."""
    ready = prepare(flow, found := find_target(target))
    assert [each for each in ready.diagnostics if each.severity == "error"] == []
    return "\n".join(file.data.decode() for file in emit(ready, found, NO_CODE))


def images(flow: FlowFile, target: str) -> list[str]:
    """The images of the steps, in their order."""
    text = emitted(flow, target)
    if target == "argo":
        document: Any = next(yaml.safe_load_all(text))
        return [template["container"]["image"] for template in document["spec"]["templates"] if "container" in template]
    found = re.findall(r'"?image"?[=:] ?"([^"]*)"', text)
    return [*found[1:], found[0]] if target == "airflow" else found  # in a DAG the image of all steps comes first


def said(flow: FlowFile, target: str) -> tuple[Diagnostic, ...]:
    return prepare(flow, find_target(target)).diagnostics


def refused(folder: Path, settings: str) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as error:
        opened(folder, settings)
    return [(found.code, found.message) for found in error.value.diagnostics]


@pytest.mark.parametrize("target", TARGETS)
def test_every_container_has_an_image_whose_tag_is_the_environment_and_a_digest(folder: Path, target: str) -> None:
    names = [lock(folder, {"pandas": "2.1"}).name, lock(folder, {"pandas": "2.2"}, "3.12", asked="3.12").name]
    found = images(opened(folder, IMAGES), target)
    assert len(found) == 3
    for image, name in zip(found, [*names, "flowport"], strict=True):
        assert re.fullmatch(rf"registry\.example\.com/flows:{name}-[0-9a-f]{{12}}", image), image


@pytest.mark.parametrize("target", TARGETS)
def test_the_images_are_the_same_in_another_folder(folder: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = images(opened(folder, IMAGES), target)
    shutil.copytree(folder, other := folder / "elsewhere" / "deeper", ignore=lambda *_: ["elsewhere"])
    monkeypatch.chdir(other)
    assert images(opened(other, IMAGES), target) == here


def test_an_image_changes_with_the_lock_file_the_base_the_platform_and_nothing_else(folder: Path) -> None:
    before = images(opened(folder, IMAGES), "argo")
    based = images(opened(folder, IMAGES + 'image = "base:{python}"\n'), "argo")
    lock(folder, {"pandas": "2.1"}, platforms=("linux/amd64", "linux/arm64"))
    lock(folder, {"pandas": "2.2"}, "3.12", asked="3.12", platforms=("linux/amd64", "linux/arm64"))
    locked = images(opened(folder, IMAGES), "argo")
    arm = images(opened(folder, IMAGES + 'image_platforms = ["linux/arm64"]\n'), "argo")
    (folder / "flow.py").write_text(FLOW.replace("        pass", "        self.x = 1"))
    edited = images(opened(folder, IMAGES), "argo")
    assert [one == other for one, other in zip(before, based, strict=True)] == [False, False, False]
    assert [one == other for one, other in zip(before, locked, strict=True)] == [False, False, True]
    assert [one == other for one, other in zip(locked, arm, strict=True)] == [False, False, False]
    assert edited == locked


def test_steps_of_one_environment_share_an_image_also_in_another_flow(folder: Path) -> None:
    before = images(opened(folder, IMAGES), "argo")
    (folder / "flow.py").write_text(FLOW.replace("Train", "Other").replace('"pandas": "2.2"}, python="3.12"', '"pandas": "2.1"}'))
    assert images(opened(folder, IMAGES), "argo") == [before[0], before[0], images(opened(folder, IMAGES), "argo")[2]]


def test_the_image_of_a_step_is_the_base_of_its_image(folder: Path) -> None:
    plain = images(opened(folder, IMAGES), "argo")
    (folder / "flow.py").write_text(FLOW.replace("    @step\n    def train", '    @kubernetes(image="cuda:12")\n    @step\n    def train'))
    own = {target: images(opened(folder, IMAGES), target) for target in TARGETS}
    assert [one == other for one, other in zip(plain, own["argo"], strict=True)] == [True, False, True]
    assert own["argo"] == own["airflow"] == own["stepfunctions"]


def test_kubernetes_and_batch_may_name_a_base_each(folder: Path) -> None:
    mark = '    @kubernetes(image="cuda:12")\n    @batch(image="cuda:11")\n    @step\n    def train'
    (folder / "flow.py").write_text(FLOW.replace("    @step\n    def train", mark))
    assert images(opened(folder, IMAGES), "argo")[1] != images(opened(folder, IMAGES), "stepfunctions")[1]


@pytest.mark.parametrize("target", TARGETS)
def test_with_install_the_tasks_of_steps_with_packages_are_told(folder: Path, target: str) -> None:
    flow = opened(folder, 'environments = "install"\nimage = "flows:1"\n')
    ready = prepare(flow, find_target(target))
    told = {step.name: dict(step.settings.variables) for step in ready.plan.flow.steps}
    assert told == {
        "start": {"FLOWPORT_ENVIRONMENTS": "install"},
        "train": {"FLOWPORT_ENVIRONMENTS": "install"},
        "end": {},
    }
    assert emitted(flow, target).count("FLOWPORT_ENVIRONMENTS") == 2


@pytest.mark.parametrize("target", TARGETS)
def test_with_none_the_image_of_the_profile_has_the_packages(folder: Path, target: str) -> None:
    flow = opened(folder, 'environments = "none"\nimage = "flows:1"\n')
    assert set(images(flow, target)) == {"flows:1"}
    assert "FP429" not in {found.code for found in said(flow, target)}


@pytest.mark.parametrize("target", TARGETS)
def test_a_profile_that_says_nothing_gets_a_warning_that_says_what_to_write(folder: Path, target: str) -> None:
    found = [each for each in said(opened(folder, 'image = "flows:1"\n'), target) if each.code == "FP429"]
    assert [(each.severity, each.message) for each in found] == [
        ("warning", f"step `start` asks for packages, and nothing says where they come from on {target}")
    ]
    assert [help.partition("`")[2].partition("`")[0] for help in found[0].help] == [
        'environments = "image"',
        'environments = "install"',
        'environments = "none"',
    ]


def test_a_flow_without_packages_gets_no_warning(folder: Path) -> None:
    (folder / "flow.py").write_text(re.sub(r"    @pypi.*\n", "", FLOW))
    assert "FP429" not in {found.code for found in said(opened(folder, 'image = "flows:1"\n'), "argo")}


@pytest.mark.parametrize("mode", [IMAGES, 'environments = "install"\nimage = "flows:1"\n'])
def test_a_step_without_a_lock_file_is_refused(folder: Path, mode: str) -> None:
    name = lock(folder, {"pandas": "2.2"}, "3.12", asked="3.12").name
    shutil.rmtree(folder / "environments")
    lock(folder, {"pandas": "2.1"})
    found = [each for each in said(opened(folder, mode), "argo") if each.code == "FP430"]
    assert [(each.severity, each.message, each.help, each.notes) for each in found] == [
        ("error", f"step `train` has no lock file `environments/{name}.txt`", ("flowport lock flow.py",), ())
    ]


def test_lock_files_that_are_older_than_the_flow_are_called_outdated(folder: Path) -> None:
    (folder / "flow.py").write_text(FLOW.replace('"2.1"', '"2.3"'))
    (found,) = [each for each in said(opened(folder, IMAGES), "argo") if each.code == "FP430"]
    assert found.message.startswith("step `start` has no lock file `environments/pandas-")
    name = lock(folder, {"pandas": "2.1"}).name
    assert found.notes == (f"no step of Train uses `environments/{name}.txt`: it is outdated, or another flow's",)
    lock(folder, {"numpy": "2.1"})
    assert [each.notes for each in said(opened(folder, IMAGES), "argo") if each.code == "FP430"] == [found.notes], "other packages"


def test_a_lock_file_for_another_platform_is_refused(folder: Path) -> None:
    found = [each for each in said(opened(folder, IMAGES + 'image_platforms = ["linux/arm64"]\n'), "argo") if each.code == "FP430"]
    name = lock(folder, {"pandas": "2.1"}).name
    assert len(found) == 2
    assert found[0].message == f"the lock file `environments/{name}.txt` of step `start` is for linux/amd64, and its image for linux/arm64"
    assert found[0].help == ("flowport lock flow.py --platform linux/arm64",)


def test_two_steps_with_other_pythons_disagree_about_a_base_image_without_a_place_for_it(folder: Path) -> None:
    (found,) = [each for each in said(opened(folder, IMAGES + 'image = "cuda:12"\n'), "argo") if each.code == "FP431"]
    assert found.message == "steps `start` and `train` have the base image `cuda:12`, and lock files for Python 3.11 and 3.12"
    assert "FP431" not in {each.code for each in said(opened(folder, IMAGES + 'image = "cuda:12-{python}"\n'), "argo")}


def test_a_base_image_that_cannot_be_one_is_refused(folder: Path) -> None:
    found = said(opened(folder, IMAGES + 'image = "cuda:12\\nRUN evil"\n'), "argo")
    assert "`cuda:12\nRUN evil` cannot be the name of a base image" in [each.message for each in found]


@pytest.mark.parametrize(
    ("target", "tables", "severity", "where"),
    [
        ("airflow", "", "error", "the loop of `turn` runs in one pod"),
        ("airflow", 'compute = "docker"', "error", "the loop of `turn` runs in one container"),
        ("argo", "turns = 0", "error", "the loop of `turn` runs in one pod"),
        ("argo", "", "warning", "the loop of `turn` fails after 98 turns"),
        ("stepfunctions", "turns = 0", "error", "the loop of `turn` runs in one job"),
        ("stepfunctions", "", "warning", "one job runs what is left of the loop of `turn`"),
    ],
)
def test_steps_of_a_loop_in_one_container_cannot_have_two_images(folder: Path, target: str, tables: str, severity: str, where: str) -> None:
    (folder / "flow.py").write_text(LOOP)
    flow = opened(folder, IMAGES, TABLES.replace(f"[{target}]", f"[{target}]\n{tables}"))
    (found,) = [each for each in said(flow, target) if each.code == "FP419"]
    assert found.severity == severity
    assert where in found.message
    assert found.message.endswith("its steps `turn` and `judge` need different images")
    assert found.help[0].startswith("use the same packages and the same base image in all steps of the loop")


@pytest.mark.parametrize(
    ("compute", "why"),
    [
        ("local", "tasks are processes on the workers"),
        ("batch", "the job definition is yours, and names the image"),
        ("ecs", "the task definition is yours, and names the image"),
    ],
)
def test_where_airflow_does_not_choose_the_image_there_is_a_way_out(folder: Path, compute: str, why: str) -> None:
    needs = 'job_queue = "q"\njob_definition = "d"\ncluster = "c"\ntask_definition = "t"\ncontainer = "m"'
    tables = TABLES.replace("[airflow]", f'[airflow]\ncompute = "{compute}"\n{needs}')
    found = [each for each in said(opened(folder, IMAGES, tables), "airflow") if each.severity == "error"]
    assert [(each.code, each.message, each.help) for each in found] == [
        (
            "FP432",
            f'`environments = "image"` has no effect with `compute = "{compute}"`: {why}',
            ('write `environments = "install"`, or `compute = "kubernetes"` under [airflow]',),
        )
    ]
    installed = opened(folder, 'environments = "install"\n', tables)
    assert [each.code for each in said(installed, "airflow") if each.severity == "error"] == []


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ('environments = "images"', "FP403", "the setting `environments` is `images`, and there are `image`, `install`, `none`"),
        ('environments = "image"', "FP400", '`environments = "image"` needs the setting `repository`'),
        (
            'environments = "image"\nrepository = "Example/Flows"',
            "FP405",
            "`Example/Flows` cannot be the name of a repository of images",
        ),
        ('repository = "example.com/flows:1"', "FP405", "`example.com/flows:1` cannot be the name of a repository of images"),
        (f'{IMAGES}image_platforms = ["windows"]', "FP403", "there is no platform `windows` of images"),
        ('conda = "pip"', "FP403", "the setting `conda` is `pip`, and there are `channels`, `pypi`"),
        ("environments = true", "FP490", "`environments` is true or false, not a text"),
    ],
)
def test_settings_that_cannot_be_are_refused(folder: Path, settings: str, code: str, message: str) -> None:
    assert refused(folder, settings + "\n") == [(code, f"flowport.toml: {message}")]
