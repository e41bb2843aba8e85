"""`flowport image`: the folders that it writes, and what it lets docker, podman or buildah do."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

import fake_builder
from desk import Desk
from fake_builder import Builder
from locks import lock

FLOW = """
from metaflow import FlowSpec, kubernetes, pypi, step


class Train(FlowSpec):
    @pypi(packages={"pandas": "2.1"})
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SETTINGS = """
environments = "image"
repository = "registry.example.com/flows"
store = "s3://bucket/flows"

[argo]
"""
NO_IMAGES = (
    'the settings of Train have no `environments = "image"`, so compiled files name no images that flowport makes\n'
    '  write `environments = "image"` and `repository = "registry.example.com/flows"` in flowport.toml'
)
TAG = re.compile(r"registry\.example\.com/flows:(\S+)")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with a flow, its lock file and its settings."""
    folder = tmp_path / "desk"
    folder.mkdir()
    desk = Desk(folder)
    desk.write("flow.py", FLOW)
    desk.write("flowport.toml", SETTINGS)
    lock(folder, {"pandas": "2.1"})
    return desk


@pytest.fixture
def docker(tmp_path: Path) -> Builder:
    return fake_builder.install(tmp_path)


def tags(text: str) -> list[str]:
    return list(dict.fromkeys(TAG.findall(text)))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_there_is_a_folder_for_each_image_that_compiled_files_name(desk: Desk) -> None:
    done = desk("image", "flow.py")
    compiled = desk("compile", "flow.py", "--target", "argo", "-o", "build")
    assert (done.status, compiled.status) == (0, 0), done.err + compiled.err
    document = next(yaml.safe_load_all((desk.folder / "build/train.yaml").read_text()))
    images = {each["container"]["image"] for each in document["spec"]["templates"] if "container" in each}
    made = tags(done.out)
    assert images == {f"registry.example.com/flows:{tag}" for tag in made}
    assert sorted(path.name for path in (desk.folder / "build/images").iterdir()) == sorted(made)
    assert done.out.splitlines() == [f"build/images/{tag} is written: registry.example.com/flows:{tag}" for tag in made]


def test_a_folder_has_the_dockerfile_the_lock_file_and_flowport(desk: Desk) -> None:
    name = lock(desk.folder, {"pandas": "2.1"}).name
    (tag,) = [tag for tag in tags(desk("image", "flow.py").out) if tag.startswith(name)]
    found = contents(desk.folder / "build/images" / tag)
    assert sorted(found) == ["Dockerfile", "flowport-0.1.0-py3-none-any.whl", "requirements.txt"]
    assert found["requirements.txt"] == (desk.folder / f"environments/{name}.txt").read_bytes()
    assert found["Dockerfile"].decode() == (
        "# Written by `flowport image`.\n"
        "FROM python:3.11-slim\n"
        "USER 0\n"
        "WORKDIR /opt/flowport\n"
        "COPY requirements.txt ./\n"
        "RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\\n"
        "    python -c \"import sys; found = '%d.%d' % sys.version_info[:2]; sys.exit(found != '3.11' and "
        "'the lock file is for Python 3.11, and the base image has Python ' + found)\" \\\n"
        "    && python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt\n"
        "COPY flowport-0.1.0-py3-none-any.whl ./\n"
        "RUN python -m pip install --no-cache-dir --no-deps --no-index --force-reinstall ./flowport-0.1.0-py3-none-any.whl\n"
        "ENV HOME=/tmp FLOWPORT_CACHE=/tmp/flowport\n"
        "WORKDIR /tmp\n"
        "ENTRYPOINT []\n"
        "USER 1000:1000\n"
    )


def test_the_wheel_has_all_of_flowport_and_nothing_that_python_compiled(desk: Desk) -> None:
    desk("image", "flow.py")
    (path, *_) = (desk.folder / "build/images").rglob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = archive.read("flowport-0.1.0.dist-info/RECORD").decode().splitlines()
    assert {"flowport/__init__.py", "flowport/runtime/__main__.py", "flowport/client/run.py", "flowport/py.typed"} <= set(names)
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)
    assert [line.partition(",")[0] for line in record] == names


def test_the_bytes_are_the_same_in_another_folder_and_at_another_time(desk: Desk, tmp_path: Path) -> None:
    assert desk("image", "flow.py").status == 0
    other = Desk(tmp_path / "other")
    shutil.copytree(desk.folder, other.folder, ignore=shutil.ignore_patterns("build", ".cache"))
    assert other("image", "flow.py", TZ="Asia/Tokyo", PYTHONHASHSEED="7").status == 0
    assert contents(desk.folder / "build") == contents(other.folder / "build")


def test_what_is_there_is_left_alone_and_what_was_changed_is_written_again(desk: Desk) -> None:
    desk("image", "flow.py")
    folders = sorted((desk.folder / "build/images").iterdir())
    (folders[0] / "Dockerfile").write_text("FROM evil")
    (folders[0] / "more").write_text("x")
    done = desk("image", "flow.py")
    assert sorted(done.out.count(state) for state in ("is written", "is up to date")) == [1, 1]
    assert not (folders[0] / "more").exists()
    assert (folders[0] / "Dockerfile").read_text().startswith("# Written by")


def test_only_a_change_of_the_environment_makes_another_image(desk: Desk) -> None:
    before = tags(desk("image", "flow.py").out)
    desk.write("flow.py", FLOW.replace("        pass", "        self.x = 1"))
    assert tags(desk("image", "flow.py").out) == before
    lock(desk.folder, {"pandas": "2.1"}, lines="click==8.1.7 --hash=sha256:0\n")
    after = tags(desk("image", "flow.py").out)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False]


def test_flows_share_images(desk: Desk) -> None:
    desk.write("other.py", FLOW.replace("Train", "Other"))
    done = desk("image", "flow.py", "other.py")
    assert len(tags(done.out)) == len(done.out.splitlines()) == 2


def test_every_engine_of_the_profile_counts_and_a_target_chooses_one(desk: Desk) -> None:
    desk.write("flowport.toml", SETTINGS + 'image = "one:{python}"\n[airflow]\nimage = "two:{python}"\n')
    assert len(tags(desk("image", "flow.py").out)) == 4
    assert len(tags(desk("image", "flow.py", "--target", "airflow").out)) == 2
    froms = {path.read_text().splitlines()[1] for path in (desk.folder / "build/images").rglob("Dockerfile")}
    assert froms == {"FROM one:3.11", "FROM two:3.11"}


def test_packages_without_hashes_are_installed_without_them(desk: Desk) -> None:
    lock(desk.folder, {"pandas": "2.1"}, lines="mine @ git+https://example.com/mine\n")
    desk("image", "flow.py")
    assert not any("--require-hashes" in path.read_text() for path in (desk.folder / "build/images").rglob("Dockerfile"))


def test_an_environment_of_conda_is_made_in_a_stage_of_its_own(desk: Desk) -> None:
    lines = "conda linux/amd64 conda-forge::numpy=1.26.4=py311h64a7726_0 sha256=00\nobstore==0.8.2\n"
    lock(desk.folder, {"pandas": "2.1"}, lines=lines)
    desk.write("flowport.toml", SETTINGS + 'image = "debian:12"\n')
    desk("image", "flow.py")
    (folder,) = [path.parent for path in (desk.folder / "build/images").rglob("conda.txt")]
    text = (folder / "Dockerfile").read_text()
    assert re.findall("^FROM.*", text, re.M) == ["FROM python:3.12-slim AS environment", "FROM debian:12"]
    assert "python -m flowport.runtime.environments.conda conda.txt /opt/environment" in text
    assert "COPY --from=environment /opt/environment /opt/environment\nENV PATH=/opt/environment/bin:$PATH" in text
    assert (folder / "requirements.txt").read_text().splitlines()[-1] == "obstore==0.8.2"
    assert "conda " not in re.sub("#.*", "", (folder / "requirements.txt").read_text())


def test_only_what_is_missing_is_built(desk: Desk, docker: Builder) -> None:
    first = desk("image", "flow.py", "--build", PATH=docker.path)
    assert (first.status, first.out.count(" is built\n")) == (0, 2), first.err
    assert "step 1 of 1" in first.err
    assert "step 1 of 1" not in first.out
    (tag, _) = tags(first.out)
    folder = str(desk.folder / "build/images" / tag)
    name = f"registry.example.com/flows:{tag}"
    relative = str(Path("build/images") / tag)
    assert docker.calls[:2] == [["image", "inspect", name], ["build", "--platform", "linux/amd64", "--tag", name, relative]], folder
    again = desk("image", "flow.py", "--build", PATH=docker.path)
    assert again.out.count(" was built before\n") == 2
    lock(desk.folder, {"pandas": "2.1"}, lines="click==8.1.7 --hash=sha256:0\n")
    changed = desk("image", "flow.py", "--build", PATH=docker.path)
    assert (changed.out.count(" is built\n"), changed.out.count(" was built before\n"), len(docker.built)) == (1, 1, 3)


def test_what_the_registry_lacks_is_pushed_and_what_it_has_is_not_even_built(desk: Desk, docker: Builder) -> None:
    first = desk("image", "flow.py", "--build", "--push", PATH=docker.path)
    assert first.out.count(" is built and is pushed\n") == 2, first.err
    assert sorted(docker.pushed) == sorted(docker.built)
    docker.clear("built")  # another machine
    again = desk("image", "flow.py", "--build", "--push", PATH=docker.path)
    assert again.out.count(" is in the registry already\n") == 2
    assert docker.built == []
    docker.clear("pushed")
    third = desk("image", "flow.py", "--build", "--push", PATH=docker.path)
    assert third.out.count(" is built and is pushed\n") == 2


def test_an_image_that_was_built_before_is_pushed_without_building(desk: Desk, docker: Builder) -> None:
    desk("image", "flow.py", "--build", PATH=docker.path)
    done = desk("image", "flow.py", "--push", PATH=docker.path)
    assert done.out.count(" was built before and is pushed\n") == 2
    assert len(docker.built) == len(docker.pushed) == 2


def test_an_image_that_is_not_built_cannot_be_pushed(desk: Desk, docker: Builder) -> None:
    done = desk("image", "flow.py", "--push", PATH=docker.path)
    (tag, _) = tags(done.out)
    assert done.status == 2
    assert done.err == f"flowport image: `registry.example.com/flows:{tag}` is not built yet, so it cannot be pushed\n  add --build\n"


@pytest.mark.parametrize(
    ("program", "asked", "flag", "pushed"),
    [
        ("podman", ["manifest", "exists"], "--manifest", ["manifest", "push", "--all"]),
        ("buildah", ["manifest", "exists"], "--manifest", ["manifest", "push", "--all"]),
        ("docker", ["image", "inspect"], "--tag", None),
    ],
)
def test_an_image_for_several_platforms_is_one_list(
    desk: Desk, tmp_path: Path, program: str, asked: list[str], flag: str, pushed: list[str] | None
) -> None:
    both = ("linux/amd64", "linux/arm64")
    lock(desk.folder, {"pandas": "2.1"}, platforms=both)
    desk.write("flowport.toml", SETTINGS.replace("[argo]", 'image_platforms = ["linux/amd64", "linux/arm64"]\n[argo]'))
    builder = fake_builder.install(tmp_path, program)
    done = desk("image", "flow.py", "--build", "--push", PATH=builder.path)
    assert done.out.count("is built and is pushed") == 2, done.err
    (tag, _) = tags(done.out)
    name = f"registry.example.com/flows:{tag}"
    build = next(call for call in builder.calls if "build" in call)
    assert build[build.index("--platform") :][:4] == ["--platform", "linux/amd64,linux/arm64", flag, name]
    assert [*asked, name] in builder.calls
    assert [call[: len(pushed)] for call in builder.calls if "push" in call] == ([pushed] * 2 if pushed else [])
    assert sorted(builder.pushed) == sorted(builder.built)


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_podman_and_buildah_do_what_docker_does(desk: Desk, tmp_path: Path, program: str) -> None:
    builder = fake_builder.install(tmp_path, program)
    assert desk("image", "flow.py", "--build", "--push", PATH=builder.path).out.count("is built and is pushed") == 2
    assert desk("image", "flow.py", "--build", PATH=builder.path).out.count("was built before") == 2
    asked = {"podman": ["image", "inspect"], "buildah": ["inspect", "--type", "image"]}[program]
    assert any(call[: len(asked)] == asked for call in builder.calls)


def test_settings_with_indexes_are_secrets_of_the_build_and_in_no_file(desk: Desk, docker: Builder) -> None:
    desk.write("pip.conf", "[global]\nindex-url = https://tester:pa55word@example.com/simple\n")
    desk.write("condarc", "channels: [https://example.com/pa55word]\n")
    done = desk("image", "flow.py", "--build", "--pip-config", "pip.conf", "--conda-config", "condarc", PATH=docker.path)
    assert done.status == 0, done.err
    (build, _) = [call for call in docker.calls if call[0] == "build"]
    assert build[5:9] == ["--secret", f"id=pip,src={desk.folder}/pip.conf", "--secret", f"id=conda,src={desk.folder}/condarc"]
    assert not any(b"pa55word" in data for data in contents(desk.folder / "build").values())
    assert "pa55word" not in done.out + done.err


def test_other_platforms_than_those_of_the_profile_are_said(desk: Desk) -> None:
    lock(desk.folder, {"pandas": "2.1"}, platforms=("linux/amd64", "linux/arm64"))
    usual = desk("image", "flow.py")
    done = desk("image", "flow.py", "--platform", "linux/arm64")
    assert done.err == 'flowport: compiled files name these images only with `image_platforms = ["linux/arm64"]` in flowport.toml\n'
    desk.write("flowport.toml", SETTINGS.replace("[argo]", 'image_platforms = ["linux/arm64"]\n[argo]'))
    same = desk("image", "flow.py")
    assert tags(same.out) == tags(done.out)
    assert set(tags(usual.out)).isdisjoint(tags(done.out))


def test_without_a_builder_nothing_is_written(desk: Desk) -> None:
    done = desk("image", "flow.py", "--build", PATH="/bin")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "flowport image: nothing builds images here: none of docker, podman, buildah is on PATH\n"
        "  install one of them, or leave --build and --push out and build the folders where docker is\n"
    )
    assert not (desk.folder / "build").exists()


@pytest.mark.parametrize(("command", "verb"), [("build", "built"), ("push", "pushed")])
def test_a_builder_that_fails_is_named_and_nothing_is_lost(desk: Desk, docker: Builder, command: str, verb: str) -> None:
    done = desk("image", "flow.py", "--build", "--push", PATH=docker.path, FAKE_FAILS=command)
    (tag, _) = tags(done.out)
    assert done.status == 1
    assert done.err.splitlines()[-3:] == [
        "no space left on device",
        f"flowport image: the image `registry.example.com/flows:{tag}` cannot be {verb}: docker ended with status 17",
        "  what it printed above says why",
    ]
    again = desk("image", "flow.py", "--build", "--push", PATH=docker.path)
    assert (again.status, again.out.count("is pushed")) == (0, 2)


@pytest.mark.parametrize(
    ("settings", "words", "message"),
    [
        (
            "",
            (),
            f"flowport image: {NO_IMAGES}\n",
        ),
        (SETTINGS, ("--pip-config", "flow.py"), "flowport image: `--pip-config` is for builds\n  add --build\n"),
        (
            SETTINGS,
            ("--platform", "windows"),
            "flowport image: option `--platform`: `windows` is not one of `linux/amd64`, `linux/arm64`\n",
        ),
        (SETTINGS, ("--build", "--pip-config", "no.conf"), "flowport image: option `--pip-config`: file `no.conf` does not exist\n"),
    ],
)
def test_requests_that_make_no_sense_are_refused(desk: Desk, settings: str, words: tuple[str, ...], message: str) -> None:
    desk.write("flowport.toml", settings)
    done = desk("image", "flow.py", *words)
    assert (done.status, done.err) == (2, message)


def test_a_missing_lock_file_is_an_error_before_anything_is_written(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "environments")
    done = desk("image", "flow.py")
    assert done.status == 1
    assert "error[FP430]: step `start` has no lock file `environments/pandas-" in done.err
    assert "= help: flowport lock flow.py" in done.err
    assert not (desk.folder / "build").exists()


def test_the_folder_may_be_one_that_cannot_be_written(desk: Desk) -> None:
    desk.write("file", "")
    done = desk("image", "flow.py", "-o", "file/images")
    assert done.status == 2
    assert done.err == "flowport image: `file/images` cannot be written: Not a directory\n"


@pytest.mark.parametrize("target", ["argo", "stepfunctions"])
def test_a_dry_run_makes_the_environments_that_are_in_images(desk: Desk, target: str) -> None:
    packages = FLOW.replace('"pandas": "2.1"', '"click": "8.1.7"')
    body = "from importlib.metadata import version\n\n        self.click = version('click')\n        self.next(self.end)"
    desk.write("flow.py", packages.replace("self.next(self.end)", body))
    assert desk("lock", "flow.py").status == 0
    done = desk("dry-run", "flow.py", "--target", target, "--store", "runs", "--run-id", "1")
    assert done.status == 0, done.err
    assert desk("artifacts", "Train/1/start", "--store", "runs").out == "start\n  click  '8.1.7'\n"
