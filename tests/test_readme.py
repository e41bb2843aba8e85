"""The README says what happens: its commands run one after the other in a fresh folder and print what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
SAME = (
    (r"\d{8}-\d{6}-[0-9a-f]{6}", "RUN"),
    (r"[0-9a-f]{64}", "DIGEST"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"),
    (r"in [\d.]+ s\b", "in SECONDS"),
    (r"TIME  [\d.]+ s\b", "TIME  DURATION"),
    (r"store: \S+/\.flowport", "STORE"),
)


def blocks(kind: str, text: str = TEXT) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def lines(text: str) -> list[str]:
    """The lines of an output, in no order, without what differs from run to run."""
    for pattern, name in SAME:
        text = re.sub(pattern, name, text)
    return sorted(line.rstrip() for line in text.splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", place / "examples", ignore=shutil.ignore_patterns("__pycache__", ".flowport"))
    return place


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "FLOWPORT_CACHE": str(folder / "cache")}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_every_command_prints_what_the_readme_shows(folder: Path) -> None:
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if not command.startswith("flowport"):
                continue
            done = run(folder, command)
            assert done.returncode == (1 if "# exits with 1" in command else 0), done.stdout
            if output.strip():
                assert lines(done.stdout) == lines(output), command


def test_what_is_shown_of_the_flow_and_of_what_becomes_of_it_is_there(folder: Path) -> None:
    flow = (ROOT / "examples" / "digits.py").read_text(encoding="utf-8")
    assert run(folder, "flowport compile examples/digits.py --target sfn --target airflow -o shown").returncode == 0
    machine = (folder / "shown/stepfunctions/DigitsFlow/state-machine.json").read_text(encoding="utf-8")
    dag = (folder / "shown/airflow/DigitsFlow.py").read_text(encoding="utf-8")
    aws = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
    shown = [*blocks("python"), *blocks("json", aws)]
    for block, source in zip(shown, (flow, dag, machine), strict=True):
        for line in block.splitlines():
            assert line.strip() in source or line.strip() == "...", line


def test_the_picture_is_that_of_the_flow(folder: Path) -> None:
    assert run(folder, "flowport show examples/digits.py -o digits.svg").returncode == 0
    assert (folder / "digits.svg").read_bytes() == (ROOT / "docs" / "digits.svg").read_bytes()


def anchors(path: Path) -> set[str]:
    """What a link into this page may have behind the `#`: headings, as GitHub writes them, and places that have an `id`."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    return headings | {*re.findall(r'<a id="([^"]+)">', text)}


def test_every_link_leads_somewhere() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", path.read_text(encoding="utf-8")):
            place, _, heading = "".join(target).partition("#")
            if place.startswith("https://"):
                continue
            page = path.parent / place if place else path
            assert page.exists(), f"{path.name}: {place}"
            assert not heading or heading in anchors(page), f"{path.name}: {place}#{heading}"


def test_a_flow_that_a_page_shows_whole_has_nothing_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"memory": 4096, "train": {"rate": 0.1, "folds": [1, 2, 3]}}')
    seen = 0
    for page in PAGES:
        for block in blocks("python", page.read_text(encoding="utf-8")):
            if re.search(r"^from flowport import .*FlowSpec", block, re.MULTILINE):
                (tmp_path / "flow.py").write_text(block)
                done = run(tmp_path, "flowport check flow.py --run-mutators")
                assert (done.returncode, "nothing wrong" in done.stdout) == (0, True), f"{page.name}\n{block}\n{done.stdout}"
                seen += 1
    assert seen > 4
