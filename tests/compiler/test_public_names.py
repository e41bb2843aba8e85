"""Names of Metaflow's: which a flow may import, and what is said about the others."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import flowport
from flowport.compiler.decorators.registry import ARGUMENTS
from flowport.compiler.decorators.step.kubernetes import PROFILE_SETTINGS
from flowport.compiler.decorators.unsupported import UNSUPPORTED
from flowport.compiler.imports.attributes import ADDED
from flowport.compiler.imports.public_names import PARTS
from flowport.runtime.cards import public
from flowport.runtime.names import flow
from flowport.runtime.names.exports import FLOWPORT_ONLY, MODULES, OWN_MODULES, names_of
from flowport.targets.argo.settings import Settings
from sources import END, class_of, codes, fine, read, write

BODY = "@step\ndef start(self):\n    {line}\n    self.next(self.end)\n" + END


def said(folder: Path, head: str, line: str = "pass", **files: str) -> list[tuple[str, str]]:
    """The severities and codes of what is said about a flow."""
    path = write(folder, {"flow.py": class_of(BODY.format(line=line), head), **{f"{name}.py": text for name, text in files.items()}})
    return [(one.severity, one.code) for one in read(path)[1]]


def test_every_component_of_a_card_can_be_imported() -> None:
    own = {"UserComponent", "with_default_component_id"}
    assert {*public.__all__} == {*own, *MODULES["cards"]} - {"get_cards"}


def test_every_decorator_can_be_imported() -> None:
    assert {*ARGUMENTS, *UNSUPPORTED} <= set(MODULES[""])


def test_a_star_gives_all_names_that_can_be_imported_by_name() -> None:
    offered = {name for name in MODULES[""] if not name.startswith("_")}
    assert {*flowport.__all__} == offered | {"flow", "limits"}
    text = "from flowport import *\nprint(all(name in globals() for name in __import__('flowport').__all__))"
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_everything_that_a_module_of_metaflow_offers_can_be_imported(module: str) -> None:
    stand_in = Path(flow.__file__).parent / "stand_in"
    names = ", ".join(sorted(MODULES[module]))
    text = f"from metaflow{'.' if module else ''}{module} import {names}"
    done = subprocess.run(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": str(stand_in)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", sorted(OWN_MODULES))
def test_the_modules_of_flowport_have_the_names_of_those_of_metaflow(module: str) -> None:
    found = import_module(f"flowport.{module}")
    assert all(hasattr(found, name) for name in names_of("flowport", module) or ["missing"])


@pytest.mark.parametrize("module", sorted(FLOWPORT_ONLY))
def test_a_flow_can_import_all_names_of_a_module_that_metaflow_does_not_have(module: str) -> None:
    assert names_of("flowport", module) == {*import_module(f"flowport.{module}").__all__}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_name_of_metaflows_own_is_no_misspelling(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY.format(line=f"print({name})"), f"from metaflow import {name}")})
    (found,) = read(path)[1]
    assert (found.severity, found.code) == ("error", "FP143")
    assert not any("did you mean" in way_out for way_out in found.help)


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from metaflow import titus", "print(titus)"),
        ("from metaflow import inspect_spin", "print(inspect_spin('a'), inspect_spin('b'))"),
        ("from metaflow import inspect_spin as R", "print(R('a'))"),
        ("from metaflow.graph import inspect_spin", "print(inspect_spin('a'))"),
        ("import metaflow.graph", "print(metaflow.graph.inspect_spin('a'))"),
        ("import metaflow.graph.core as core", "print(core.inspect_spin('a'))"),
        ("from metaflow.cards import no_cards", "print(no_cards('a'))"),
        ("from metaflow import *", "print(nvcf('a'))"),
        ("from metaflow import inspect_spin\n__all__ = ['inspect_spin']", "pass"),
        ("from metaflow import inspect_spin\ndef show(run: inspect_spin): ...", "pass"),
        ("from metaflow import inspect_spin as R\nimport metaflow", "print(metaflow.inspect_spin)"),
    ],
)
def test_an_import_that_is_refused_and_its_use_are_one_error(tmp_path: Path, head: str, line: str) -> None:
    found = [one for one in said(tmp_path, head, line) if one[0] == "error"]
    assert set(found) == {("error", "FP143")}
    assert len(found) == (2 if "import metaflow" in head.split("\n")[1:] else 1)


def test_a_decorator_whose_import_is_refused_is_one_error(tmp_path: Path) -> None:
    body = "@titus\n" + BODY.format(line="pass")
    assert codes(read(write(tmp_path, {"flow.py": class_of(body, "from metaflow import titus")}))[1]) == ["FP143"]


@pytest.mark.parametrize(
    "head",
    [
        "from metaflow import inspect_spin",
        "from metaflow import FlowGraph as Store",
        "from metaflow.graph import inspect_spin",
        "from metaflow.plugins.aws.batch.batch import Batch as B",
        "import metaflow.graph",
        "import metaflow.graph as mfc",
        "import metaflow.plugins.aws.batch, metaflow\nprint(metaflow.__version__)",
        "from __future__ import annotations\nfrom metaflow import inspect_spin\ndef show(run: inspect_spin) -> inspect_spin: ...",
    ],
)
def test_an_import_that_nothing_uses_is_a_warning(tmp_path: Path, head: str) -> None:
    text = class_of(BODY.format(line="pass"))
    path = write(tmp_path, {"flow.py": f"{head}\n{text}"})
    flow, found = read(path)
    assert [(one.severity, one.code) for one in found] == [("warning", "FP143")]
    assert len(flow.unused) == 1


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from metaflow._vendor import click, yaml", "click.echo(yaml)"),
        ("from metaflow._vendor.click import option", "option()"),
        ("import metaflow._vendor.yaml.loader as loader", "loader.Loader"),
        ("import metaflow._vendor.packaging.version", "metaflow._vendor.packaging.version.Version('1')"),
    ],
)
def test_packages_that_metaflow_has_copies_of_can_be_imported(tmp_path: Path, head: str, line: str) -> None:
    fine(write(tmp_path, {"flow.py": class_of(BODY.format(line=line), head)}))


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from metaflow.plugins.cards.card_modules import chevron", "chevron.render('a', {})"),
        ("from metaflow.plugins.cards.card_modules.chevron import render", "render('a', {})"),
        ("import metaflow._vendor.zipp as zipp", "zipp.Path('a')"),
    ],
)
def test_packages_that_flowport_does_not_need_must_be_installed(tmp_path: Path, head: str, line: str) -> None:
    assert {one for one in said(tmp_path, head, line) if one[1] != "FP141"} == {("warning", "FP157")}


def test_packages_that_metaflow_has_no_copies_of_cannot(tmp_path: Path) -> None:
    assert said(tmp_path, "from metaflow._vendor import imghdr", "imghdr.what('a')") == [("error", "FP143")]


TEST_FUNCTION = "def test_spin():\n    inspect_spin('a')\n"
TEST_CLASS = f"class TestSpin:\n    {TEST_FUNCTION.replace('()', '(self)').replace('    ', '        ')}"


@pytest.mark.parametrize(
    "code",
    [
        TEST_FUNCTION,
        TEST_CLASS,
        "class Base:\n    pass\n" + TEST_CLASS.replace("TestSpin", "TestSpin(Base)"),
        f"{TEST_FUNCTION}def test_all():\n    test_spin()\n",
        f"import pytest\n@pytest.mark.parametrize('a', [1])\n{TEST_FUNCTION}",
        f"import functools\n@functools.lru_cache\n{TEST_FUNCTION}",
        f"class Spin:\n    def one(self):\n        return inspect_spin\n{TEST_FUNCTION}    Spin().one()\n",
    ],
)
def test_an_import_that_only_tests_of_the_flow_use_is_a_warning(tmp_path: Path, code: str) -> None:
    assert said(tmp_path, f"from metaflow import inspect_spin\n{code}") == [("warning", "FP143")]
    assert said(tmp_path, "import helper", helper=f"from metaflow import inspect_spin\n{code}") == [("warning", "FP143")]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (TEST_FUNCTION, "test_spin()"),
        (f"{TEST_FUNCTION}def calls():\n    test_spin()\n", "calls()"),
        (TEST_FUNCTION, "getattr(self, 'test_spin')()"),
        (TEST_FUNCTION, "getattr(self, 'test_' + 'spin')()"),
        (TEST_FUNCTION, "globals()['test_' + 'spin']()"),
        (f"{TEST_FUNCTION}\nCHECKS = [test_spin]", "pass"),
        (f"{TEST_FUNCTION}\ndef calls(check=test_spin): ...", "pass"),
        (f"{TEST_FUNCTION}\n__all__ = ['test_spin']", "pass"),
        (f"def now(f):\n    f()\n@now\n{TEST_FUNCTION}", "pass"),
        (f"from functools import partial\n@partial(print)\n{TEST_FUNCTION}", "pass"),
        (f"from app import route\n@route('/')\n{TEST_FUNCTION}", "pass"),
        ("def test_spin(spin=inspect_spin): ...", "pass"),
        ("def __getattr__(name):\n    return inspect_spin(name)", "pass"),
        (f"if True:\n    {TEST_FUNCTION.replace('    ', '        ')}", "pass"),
        (TEST_CLASS, "TestSpin()"),
        (TEST_CLASS.replace("TestSpin", "TestSpin(metaclass=Kept)"), "pass"),
        ("from app import Plugin\n" + TEST_CLASS.replace("TestSpin", "TestSpin(Plugin)"), "pass"),
        ("class Plugin:\n    def __init_subclass__(cls): ...\n" + TEST_CLASS.replace("TestSpin", "TestSpin(Plugin)"), "pass"),
        ("class Spin:\n    spin = inspect_spin", "pass"),
        ("class Spin: ...\nclass Spin(Spin):\n    def one(self):\n        return inspect_spin", "pass"),
    ],
)
def test_an_import_that_a_task_may_use_is_an_error(tmp_path: Path, code: str, line: str) -> None:
    assert ("error", "FP143") in said(tmp_path, f"from metaflow import inspect_spin\n{code}", line)


@pytest.mark.parametrize(
    "helper",
    [
        "from reader import inspect_spin\ninspect_spin('a')",
        "import reader\nreader.inspect_spin('a')",
        "from reader import *\ninspect_spin('a')",
    ],
)
def test_what_another_file_takes_from_an_import_is_used(tmp_path: Path, helper: str) -> None:
    assert said(tmp_path, "import helper", helper=helper, reader="from metaflow import inspect_spin") == [("error", "FP143")]


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from metaflow.plugins.lake import Lake", "Lake()"),
        ("from metaflow.plugins import lake", "lake.Lake()"),
        ("import metaflow.plugins.lake", "metaflow.plugins.lake.Lake()"),
        ("import metaflow.plugins.lake as lake", "lake.Lake()"),
        ("import metaflow.plugins.lake.deep.down", "metaflow.plugins.lake.deep.down.Lake()"),
        ("from metaflow.lake.deep import Lake as L", "L()"),
        ("pass", "from metaflow.plugins.lake import Lake; Lake()"),
        ("pass", "from metaflow import Lake; Lake()"),
        ("def lake():\n    from metaflow import Lake\n    return Lake()", "lake()"),
    ],
)
def test_what_an_extension_of_metaflow_may_have_is_a_warning(tmp_path: Path, head: str, line: str) -> None:
    path = write(tmp_path, {"flow.py": class_of(BODY.format(line=line), head)})
    flow, found = read(path)
    assert [(one.severity, one.code) for one in found] == [("warning", "FP157")]
    assert len(flow.from_extensions) == 1


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("from metaflow import lake", "lake.Lake()"),  # at the top of a file, a name is likely that of a decorator
        ("from metaflow.plugins.lake import *", "pass"),
        ("from metaflow.plugins.lake import Lake\nLAKE = Lake()", "pass"),
        ("from metaflow.plugins.lake import Lake\nclass Own(Lake): ...", "Own()"),
        ("from metaflow.plugins.lake import Lake\ndef lake(a=Lake): ...", "lake()"),
        ("from metaflow.plugins.lake import Lake\ndef lake(): Lake()\nlake()", "pass"),
        ("from metaflow.plugins.cardz import Lake", "Lake()"),
        ("from metaflow.plugins.cards.lake import Lake", "Lake()"),
        ("from metaflow.graph import FlowGraph", "FlowGraph()"),
        ("from metaflow.apps import AppDeployer", "AppDeployer()"),
        ("pass", "from metaflow import Paramter; Paramter()"),
        ("pass", "from metaflow import inspect_spin; inspect_spin()"),
        ("pass", "from metaflow import nvcf; nvcf()"),
        ("pass", "from flowport.plugins.lake import Lake; Lake()"),
    ],
)
def test_what_no_extension_can_give_is_an_error(tmp_path: Path, head: str, line: str) -> None:
    assert [one for one in said(tmp_path, head, line) if one[0] == "error"] == [("error", "FP143")]


def test_a_decorator_of_an_extension_is_an_error(tmp_path: Path) -> None:
    text = class_of("@on_lake\n" + BODY.format(line="pass"), "from metaflow.plugins.lake import on_lake")
    assert [(one.severity, one.code) for one in read(write(tmp_path, {"flow.py": text}))[1]] == [("error", "FP143")]


def test_an_extension_beside_the_flow_travels_with_it(tmp_path: Path) -> None:
    files = {
        "metaflow_extensions/acme/plugins/__init__.py": "__mf_promote_submodules__ = ['lake']\n",
        "metaflow_extensions/acme/plugins/lake.py": "import parts\nclass Lake: ...\n",
        "metaflow_extensions/acme/plugins/other.py": "",
        "metaflow_extensions/acme/toplevel/__init__.py": "toplevel = 'names'\n",
        "metaflow_extensions/acme/toplevel/names.py": "from ..plugins.lake import Lake\nfrom metaflow.decorators import StepDecorator\n",
        "parts.py": "",
    }
    for line in ("from metaflow.plugins.lake import Lake", "import metaflow.plugins.lake", "from metaflow import Lake"):
        flow = fine(write(tmp_path, {"flow.py": class_of(BODY.format(line=line)), **files}))
        others = set(files) - {"metaflow_extensions/acme/plugins/other.py"}
        assert {path for path, _ in flow.files} == {"flow.py", *others}


def test_a_step_depends_on_what_it_takes_from_an_extension_beside_the_flow(tmp_path: Path) -> None:
    hashes = set()
    for price in (1, 1, 2):
        files = {
            "flow.py": class_of(BODY.format(line="print(cost())"), "from metaflow.plugins.lake import cost"),
            "metaflow_extensions/acme/plugins/__init__.py": "__mf_promote_submodules__ = ['lake']\n",
            "metaflow_extensions/acme/plugins/lake.py": f"def cost():\n    return {price}\n",
        }
        hashes.add(fine(write(tmp_path, files)).step("start").digest)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    "head",
    [
        "from metaflow.cards import Markdown",
        "import metaflow.cards",
        "import metaflow.cards as cards",
        "from metaflow import cards",
        "from metaflow.cards import *",
        "from flowport.cards import Table",
    ],
)
def test_cards_can_be_imported(tmp_path: Path, head: str) -> None:
    assert said(tmp_path, head, "print(cards.Markdown('a'))" if head.endswith(" cards") else "pass") == []


def test_cards_that_a_try_surrounds_get_no_word(tmp_path: Path) -> None:
    head = "try:\n    from metaflow.cards import Markdown\nexcept ImportError:\n    Markdown = None"
    fine(write(tmp_path, {"flow.py": class_of(BODY.format(line="print(Markdown)"), head)}))


def test_an_offered_name_of_a_module_that_is_not_there_is_imported_from_metaflow(tmp_path: Path) -> None:
    head = "from metaflow.cli_args import JSONType, Parameter"
    (found,) = read(write(tmp_path, {"flow.py": class_of("one = Parameter('one', default=1)\n" + BODY.format(line="pass"), head)}))[1]
    assert (found.code, found.help) == ("FP143", ("write `from metaflow import JSONType, Parameter`",))


@pytest.mark.parametrize(
    "head",
    [
        "from metaflow.parameters import Parameter",
        "from metaflow import parameters",
        "import metaflow.parameters as parameters",
        "import metaflow.parameters",
        "from metaflow.parameters import *",
    ],
)
def test_a_parameter_is_one_whichever_module_it_comes_from(tmp_path: Path, head: str) -> None:
    owner = "metaflow.parameters." if head == "import metaflow.parameters" else "parameters." if head.endswith("parameters") else ""
    body = f"one = {owner}Parameter('one', default=1)\n" + BODY.format(line="print(self.one)")
    flow, found = read(write(tmp_path, {"flow.py": class_of(body, head)}))
    assert (found, [one.name for one in flow.parameters]) == ((), ["one"])


def test_a_flow_may_take_its_base_from_the_module_that_defines_it(tmp_path: Path) -> None:
    text = class_of(BODY.format(line="pass"), "from metaflow.flowspec import FlowSpec as Base").replace("(FlowSpec)", "(Base)")
    assert [step.name for step in fine(write(tmp_path, {"flow.py": text})).steps] == ["start", "end"]


@pytest.mark.parametrize("name", sorted(ADDED))
def test_what_decorators_of_metaflow_add_to_current_is_an_error(tmp_path: Path, name: str) -> None:
    assert said(tmp_path, "from metaflow import current", f"print(current.{name})") == [("error", "FP145")]


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("def where(project=None):\n    if project is None:\n        project = current.project_name\n    return project", "warning"),
        ("def where():\n    return current.project_name", "error"),
        ("if True:\n    WHERE = current.project_name", "error"),
    ],
)
def test_a_shared_module_may_read_what_some_flows_have(tmp_path: Path, code: str, severity: str) -> None:
    places = f"from metaflow import current\n{code}"
    assert {one for one in said(tmp_path, "import places", places=places) if one[1] == "FP145"} == {(severity, "FP145")}
    assert ("error", "FP145") in said(tmp_path, places)


IMPORTS = """
import metaflow.graph
import metaflow.graph as mfc
import metaflow.graph.core as core
from metaflow.graph import inspect_spin
from metaflow import inspect_spin as R, FlowSpec
import metaflow.cards
print(metaflow.graph.__name__, core.__name__, R is not None, inspect_spin is not None, FlowSpec.__name__)
"""


def test_modules_of_metaflow_that_nothing_uses_can_be_imported(tmp_path: Path) -> None:
    stand_in = Path(flow.__file__).parent / "stand_in"
    environment = {**os.environ, "PYTHONPATH": str(stand_in), "FLOWPORT_UNUSED": "graph. graph.core. graph.inspect_spin inspect_spin"}
    done = subprocess.run([sys.executable, "-c", IMPORTS], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("metaflow.graph metaflow.graph.core True True FlowSpec\n", "")


def test_a_name_that_is_not_offered_raises_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWPORT_UNUSED", "inspect_spin graph.Task")
    run = flow.inspect_spin
    for use in (lambda: run("a"), lambda: run.data):
        with pytest.raises((TypeError, AttributeError), match="flowport does not have `inspect_spin`"):
            use()
    assert not hasattr(flow, "FlowGraph")


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        ("@environment(vars={'A': os.environ['A'][1:]})", "@environment(vars={'A': os.getenv('A', 'default')})"),
        ("@kubernetes(image=os.environ['A'], cpu=2)", "@kubernetes(cpu=2)"),
        ("@resources(memory=os.environ['A'])", "@resources(memory=MEMORY)"),
    ],
)
def test_what_is_advised_about_the_environment_works(tmp_path: Path, mark: str, line: str) -> None:
    head = "import os\nfrom flowport import kubernetes\nMEMORY = 4096"
    body = BODY.format(line="print(os.environ['A'])")
    assert codes(read(write(tmp_path, {"flow.py": class_of(f"{mark}\n{body}", head)}))[1]) == ["FP121"]
    fine(write(tmp_path, {"flow.py": class_of(f"{line}\n{body}", head)}))


def test_what_is_advised_for_a_profile_is_a_setting_of_argo() -> None:
    assert {setting.name for setting in Settings.declared()} >= PROFILE_SETTINGS


def test_the_writer_of_tensorboard_is_there_in_its_step_only(tmp_path: Path) -> None:
    head = "from metaflow import tensorboard"
    body = "@tensorboard\n" + BODY.format(line="self.obtb.add_scalar('a', 1, 1)")
    fine(write(tmp_path, {"flow.py": class_of(body, head)}))
    (found,) = read(write(tmp_path, {"flow.py": class_of(body.replace("@tensorboard\n", ""), "pass")}))[1]
    assert (found.severity, found.help) == ("warning", ("put `@tensorboard` above the step",))
