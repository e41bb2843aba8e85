"""Variables of a step that its task reads: what `vars` of `@environment` may say, and that compiling never reads one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.compile import load
from flowport.compiler.ir.secrets import Read, Template, read_names
from flowport.compiler.package.archive import package
from sources import END, class_of, codes, read, write

HEAD = (
    "import os\nfrom os import environ, getenv\nTOKEN = os.environ['TOKEN']\nHOST = os.getenv('HOST', 'localhost')\n"
    "BASE = f'https://{HOST}'\nNAMES = ('A', 'B')\nclass Config:\n    KEY = os.environ.get('KEY')\n"
    "def url(path):\n    return BASE + '/' + path\n"
)


def flow_with(folder: Path, value: str) -> Path:
    body = f"@environment(vars={value})\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    return write(folder, {"flow.py": class_of(body, HEAD)})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("os.environ['TOKEN']", (Read("TOKEN"),)),
        ("environ['TOKEN']", (Read("TOKEN"),)),
        ("TOKEN", (Read("TOKEN"),)),
        ("str(TOKEN)", (Read("TOKEN"),)),
        ("getenv('A', 'x')", (Read("A", ("x",)),)),
        ("os.environ.get('A', default='x')", (Read("A", ("x",)),)),
        ("os.getenv('A', '')", (Read("A", ("",)),)),
        ("os.getenv('A', 5)", (Read("A", ("5",)),)),
        ("os.getenv('A')", (Read("A", ("None",)),)),
        ("Config.KEY", (Read("KEY", ("None",)),)),
        ("os.getenv('A', os.environ['B'])", (Read("A", (Read("B"),)),)),
        ("os.getenv('A') or 'x'", (Read("A", ("x",), or_empty=True),)),
        ("os.getenv('A', '') or os.getenv('B') or 'x'", (Read("A", (Read("B", ("x",), or_empty=True),), or_empty=True),)),
        ("f'{TOKEN}@{HOST}:{8000 + 80}/'", (Read("TOKEN"), "@", Read("HOST", ("localhost",)), ":8080/")),
        ("BASE + '/x'", ("https://", Read("HOST", ("localhost",)), "/x")),
        ("url('x')", ("https://", Read("HOST", ("localhost",)), "/x")),
        ("f'{os.getenv(\"A\")}!'", (Read("A", ("None",)), "!")),
        ("'' or TOKEN", (Read("TOKEN"),)),
        ("TOKEN if NAMES else 'x'", (Read("TOKEN"),)),
    ],
)
def test_what_a_task_reads(tmp_path: Path, value: str, expected: Template) -> None:
    flow, found = read(flow_with(tmp_path, f"{{'V': {value}, 'PLAIN': 'x'}}"))
    assert codes(found) == []
    assert flow.step("start").settings.forwarded == (("V", expected),)
    assert flow.step("start").settings.environment == (("PLAIN", "x"),)


def test_a_comprehension_may_read_several(tmp_path: Path) -> None:
    flow, found = read(flow_with(tmp_path, "{name: os.environ[name] for name in NAMES}"))
    assert codes(found) == []
    assert flow.step("start").settings.forwarded == (("A", (Read("A"),)), ("B", (Read("B"),)))


@pytest.mark.parametrize(
    "value",
    [
        "TOKEN * 2",
        "os.getenv('A') + 'x'",
        "','.join([TOKEN])",
        "os.path.join(TOKEN, 'x')",
        "TOKEN and 'x'",
        "TOKEN or 'x'",
        "f'{TOKEN!r}'",
        "os.getenv('A', 'd') or 'x'",
        "os.environ.pop('A')",
        "os.environ.setdefault('A', 'x')",
        "TOKEN == 'x'",
        "not TOKEN",
    ],
)
def test_what_a_task_cannot_compute_is_refused(tmp_path: Path, value: str) -> None:
    _, found = read(flow_with(tmp_path, f"{{'V': {value}}}"))
    assert codes(found) == ["FP121"]
    assert any("the task itself reads" in line for line in found[0].help)


def test_a_long_sum_takes_no_longer_for_being_nested(tmp_path: Path) -> None:
    flow, found = read(flow_with(tmp_path, f"{{'V': TOKEN + {' + '.join(['str(1)'] * 60)}}}"))
    assert codes(found) == []
    assert flow.step("start").settings.forwarded == (("V", (Read("TOKEN"), "1" * 60)),)


def test_a_read_without_a_default_counts_for_all_reads_of_a_variable() -> None:
    assert read_names([("V", (Read("A"),)), ("W", (Read("A", ("x",)), Read("B", (Read("C"),))))]) == {"A": True, "B": False, "C": True}


def test_what_is_compiled_does_not_depend_on_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = flow_with(tmp_path, "{'V': TOKEN, 'W': HOST}")

    def made() -> bytes:
        plan = load(str(path)).plan
        assert plan is not None
        return package(plan).data

    monkeypatch.delenv("TOKEN", raising=False)
    before = made()
    monkeypatch.setenv("TOKEN", "s3cret-of-the-shell")
    monkeypatch.setenv("HOST", "elsewhere")
    assert made() == before
    assert b"s3cret-of-the-shell" not in before
