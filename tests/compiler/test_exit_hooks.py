"""`@exit_hook`: which functions are called when a run has ended, and which cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowport.compiler.ir import ExitHooks
from flowport.compiler.package.documents import flow_document
from sources import codes, fine, read, write

FLOW = """
import alerts
from alerts import page as ring
from company.hooks import notify
from flowport import FlowSpec, exit_hook, step


def tell(run):
    pass


def log(run=None, *, loud=False, **more):
    pass


def strange(run, other):
    pass


def keyword(*, channel):
    pass


async def later(run):
    pass


class Hook:
    pass


{mark}
class F({base}):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
RING = "alerts:page"
ALERTS = "def page():\n    pass\n"
BASE = """
from flowport import FlowSpec, exit_hook


def seen():
    pass


@exit_hook(on_success=[seen])
class Base(FlowSpec):
    pass
"""


def files(mark: str, base: str = "FlowSpec") -> dict[str, str]:
    return {"flow.py": FLOW.format(mark=mark, base=base), "alerts.py": ALERTS, "bases.py": BASE}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@exit_hook(on_success=[tell])", ExitHooks((":tell",))),
        ('@exit_hook(on_success=(tell, "log"), on_error=[log, "tell", tell])', ExitHooks((":tell", ":log"), (":log", ":tell"))),
        ("@exit_hook(on_error=[ring, alerts.page, notify])", ExitHooks((), (RING, "company.hooks:notify"))),
        ('@exit_hook(on_error=["alerts.page", "company.hooks.notify"])', ExitHooks((), (RING, "company.hooks:notify"))),
        (
            "@exit_hook(on_success=[tell])\n@exit_hook(on_success=[log, tell], on_error=[ring])",
            ExitHooks((":tell", ":log"), (RING,)),
        ),
    ],
)
def test_functions_are_named_by_themselves_or_in_texts(tmp_path: Path, mark: str, expected: ExitHooks) -> None:
    flow = fine(write(tmp_path, files(mark)))
    assert flow.exit_hooks == expected
    assert flow_document(flow)["hooks"] == {"success": [*expected.on_success], "error": [*expected.on_error]}


def test_hooks_of_a_base_class_are_called_too(tmp_path: Path) -> None:
    found = files("@exit_hook(on_success=[tell])", "Base")
    found["flow.py"] = "from bases import Base\n" + found["flow.py"]
    assert fine(write(tmp_path, found)).exit_hooks == ExitHooks((":tell", "bases:seen"))


def test_a_flow_without_hooks_has_the_documents_that_it_had(tmp_path: Path) -> None:
    flow = fine(write(tmp_path, files("")))
    assert "hooks" not in json.dumps(flow_document(flow))


@pytest.mark.parametrize(
    ("mark", "code", "message"),
    [
        ("@exit_hook", "FP133", "names no function"),
        ("@exit_hook()", "FP133", "names no function"),
        ("@exit_hook(on_success=[], on_error=[])", "FP133", "names no function"),
        ("@exit_hook(on_error=tell)", "FP133", "must be a list of functions"),
        ("@exit_hook(on_error=[3])", "FP133", "something that is no function"),
        ('@exit_hook(on_error=["tel"])', "FP133", "names `tel`"),
        ("@exit_hook(on_error=[Hook])", "FP133", "no plain function"),
        ("@exit_hook(on_error=[later])", "FP133", "no plain function"),
        ("@exit_hook(on_error=[strange])", "FP133", "takes `other`"),
        ("@exit_hook(on_error=[keyword])", "FP133", "takes `channel`"),
        ("@exit_hook(on_error=[lambda run: 1])", "FP120", "not known before the flow runs"),
        ("@exit_hook([tell])", "FP130", "by name"),
        ("@exit_hook(on_failure=[tell])", "FP131", "no argument `on_failure`"),
    ],
)
def test_what_cannot_be_called_is_refused(tmp_path: Path, mark: str, code: str, message: str) -> None:
    _, found = read(write(tmp_path, files(mark)))
    assert codes(found) == [code]
    assert message in found[0].message
    assert found[0].help


def test_modules_that_only_a_text_names_are_packed_with_what_they_import(tmp_path: Path) -> None:
    found = files('@exit_hook(on_error=["ops.pager.page"])') | {
        "ops/__init__.py": "",
        "ops/pager.py": "from ops.address import NUMBER\n\ndef page():\n    pass\n",
        "ops/address.py": "NUMBER = 1\n",
    }
    flow = fine(write(tmp_path, found))
    assert flow.exit_hooks == ExitHooks((), ("ops.pager:page",))
    assert {place for place, _ in flow.files} == {"flow.py", "alerts.py", "ops/__init__.py", "ops/pager.py", "ops/address.py"}


@pytest.mark.parametrize(
    ("text", "severity", "message", "way_out"),
    [
        ("alerts.pgae", "error", "`alerts.py` has no function `pgae`", "did you mean `page`?"),
        ("pager.page", "warning", "the flow's folders have no module `pager`", "write `from pager import page` and `on_error=[page]`"),
    ],
)
def test_a_text_that_names_nothing_is_reported(tmp_path: Path, text: str, severity: str, message: str, way_out: str) -> None:
    _, found = read(write(tmp_path, files(f'@exit_hook(on_error=["{text}"])')))
    assert [(one.code, one.severity) for one in found] == [("FP133", severity)]
    assert message in found[0].message
    assert any(way_out in each for each in found[0].help)


def test_options_of_metaflow_have_no_effect(tmp_path: Path) -> None:
    flow, found = read(write(tmp_path, files('@exit_hook(on_error=[tell], options={"image": "x"})')))
    assert codes(found) == ["FP141"]
    assert flow.exit_hooks == ExitHooks((), (":tell",))
