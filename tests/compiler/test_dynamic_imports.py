"""Modules that are imported by name: which go along, and what is said where the name is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.parse.flow import parse
from sources import END, class_of, codes, fine, read, write

PLUGINS = {
    "plugins/__init__.py": "",
    "plugins/one.py": "from plugins.deep import DEEP\nVALUE = 1\n",
    "plugins/deep.py": "DEEP = 1\n",
    "plugins/two.py": "VALUE = 2\n",
    "alone.py": "VALUE = 3\n",
}
ONE = ["plugins/__init__.py", "plugins/deep.py", "plugins/one.py"]
BOTH = [*ONE, "plugins/two.py"]


def flow_of(expression: str, head: str = "from importlib import import_module", before: str = "pass", argument: str = "self.x") -> str:
    """A flow whose first step evaluates an expression, in a file with these imports."""
    body = f"@step\ndef start(self):\n    {before}\n    self.x = {expression}\n    self.next(self.end)\n" + END
    return class_of(body, head)


def packed(folder: Path, text: str, more: dict[str, str] | None = None) -> list[str]:
    flow = fine(write(folder, {"flow.py": text, **PLUGINS, **(more or {})}))
    return [name for name, _ in flow.files if name != "flow.py"]


@pytest.mark.parametrize(
    ("head", "expression", "expected"),
    [
        ("import importlib", "importlib.import_module('plugins.one').VALUE", ONE),
        ("import importlib as il", "il.import_module('plugins.one').VALUE", ONE),
        ("from importlib import import_module", "import_module('plugins.one').VALUE", ONE),
        ("from importlib import import_module as load", "load(name='plugins.one').VALUE", ONE),
        ("", "__import__('plugins.one').one.VALUE", ONE),
        ("import importlib", "importlib.__import__('plugins.one').one.VALUE", ONE),
        ("", "__import__('plugins', fromlist=['one']).one.VALUE", ONE),
        ("from importlib import import_module", "import_module('.one', package='plugins').VALUE", ONE),
        ("from importlib import import_module", "import_module('.one', 'plugins').VALUE", ONE),
        ("from importlib import import_module", "import_module('..one', 'plugins.two').VALUE", ONE),
        ("from importlib import import_module\nNAME = 'plugins.' + 'one'", "import_module(NAME).VALUE", ONE),
        ("from importlib import import_module\nNAME = 'one'", "import_module(f'plugins.{NAME}').VALUE", ONE),
        ("from importlib import import_module\nONE = import_module('plugins.one')", "ONE.VALUE", ONE),
        ("from importlib import import_module", "[import_module(name) for name in ('plugins.one', 'plugins.two')][0].VALUE", BOTH),
        ("from importlib import import_module", "[import_module(f'plugins.{name}') for name in ('one', 'two')][0].VALUE", BOTH),
        (
            "from importlib import import_module\nONES = {name: import_module(f'plugins.{name}') for name in ('one', 'two')}",
            "ONES['one'].VALUE",
            BOTH,
        ),
        (
            "from importlib import import_module\nMODULES = {'a': 'plugins.one', 'b': 'plugins.two'}",
            "import_module(MODULES[self.index or 'a']).VALUE",
            BOTH,
        ),
        (
            "from importlib import import_module\nMODULES = {'a': 'plugins.one'}",
            "import_module(MODULES.get(self.index, 'plugins.two')).VALUE",
            BOTH,
        ),
        ("from importlib import import_module\nNAMES = ['plugins.one', 'plugins.two']", "len(list(map(import_module, NAMES)))", BOTH),
        ("from importlib import import_module\nfor name in ['plugins.one']:\n    import_module(name)", "1", ONE),
        ("from importlib import import_module\ntry:\n    M = import_module('plugins.one')\nexcept ImportError:\n    M = None", "1", ONE),
        ("from importlib import import_module", "import_module('json').dumps(1)", []),
        ("from importlib import import_module", "import_module(f'os.{self.index}')", []),
        ("from importlib import import_module", "import_module('os.%s' % self.index)", []),
        ("from importlib import import_module", "import_module('plugins/one')", []),
        ("def import_module(name):\n    return name", "import_module(self.index)", []),
        ("import importlib\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    importlib.import_module(input())", "1", []),
    ],
)
def test_a_module_that_is_imported_by_a_known_name_goes_along(tmp_path: Path, head: str, expression: str, expected: list[str]) -> None:
    assert packed(tmp_path, flow_of(expression, head)) == expected


@pytest.mark.parametrize(
    ("before", "name", "expected"),
    [
        ("name = 'plugins.one'", "name", ONE),
        ("name: str = 'plugins.one'", "name", ONE),
        ("kind = 'one'; name = f'plugins.{kind}'", "name", ONE),
        ("name, other = 'plugins.one', 2", "name", ONE),
        ("from importlib import import_module as load", "'plugins.one'", ONE),
    ],
)
def test_a_name_that_the_step_sets_is_known(tmp_path: Path, before: str, name: str, expected: list[str]) -> None:
    function = "load" if "load" in before else "import_module"
    assert packed(tmp_path, flow_of(f"{function}({name}).VALUE", before=before)) == expected


@pytest.mark.parametrize("name", ["self.PLUGIN", "TrainFlow.PLUGIN"])
def test_a_constant_of_the_class_is_known(tmp_path: Path, name: str) -> None:
    text = flow_of(f"import_module({name}).VALUE").replace(
        "    @step\n    def start", "    PLUGIN = 'plugins.one'\n\n    @step\n    def start"
    )
    assert packed(tmp_path, text) == ONE


def test_a_loop_over_a_list_of_names_is_known(tmp_path: Path) -> None:
    loop = "for title, name in {'a': 'plugins.one', 'b': 'plugins.two'}.items():\n        import_module(name)"
    assert packed(tmp_path, flow_of("1", before=loop)) == BOTH


def test_a_package_that_imports_its_own_modules_by_name_brings_them(tmp_path: Path) -> None:
    init = "import importlib\nfor name in ['one', 'two']:\n    importlib.import_module(f'.{name}', __package__)\n"
    assert packed(tmp_path, flow_of("1", "import plugins"), {"plugins/__init__.py": init}) == BOTH
    init = "import importlib\nONE = importlib.import_module('.one', __name__)\n"
    assert packed(tmp_path, flow_of("1", "import plugins"), {"plugins/__init__.py": init}) == ONE


@pytest.mark.parametrize(
    ("head", "before", "call"),
    [
        ("from importlib import import_module", "pass", "import_module(self.index)"),
        ("from importlib import import_module", "pass", "import_module(f'plugins.{self.index}')"),
        ("from importlib import import_module", "pass", "import_module(f'.{self.index}', 'plugins')"),
        ("from importlib import import_module", "pass", "import_module('.one', self.index)"),
        ("from importlib import import_module", "pass", "list(map(import_module, self.index))"),
        ("from importlib import import_module", "name = 'plugins.one'; name += self.index", "import_module(name)"),
        ("from importlib import import_module", "name = self.index", "import_module(name)"),
        ("from importlib import import_module", "name = ''; name = name + 'x'", "import_module(name)"),
        ("from importlib import import_module\nname = 'plugins.one'", "load = lambda name: import_module(name)", "load('alone')"),
        ("import os\nfrom importlib import import_module", "pass", "import_module(os.environ['PLUGIN'])"),
        ("", "pass", "__import__(self.index)"),
    ],
)
def test_a_name_that_is_not_known_is_a_warning(tmp_path: Path, head: str, before: str, call: str) -> None:
    found = read(write(tmp_path, {"flow.py": flow_of(call, head, before), **PLUGINS}))[1]
    assert [(one.code, one.severity) for one in found] == [("FP146", "warning")]


def test_included_files_end_the_warning_and_bring_what_they_import(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": flow_of("import_module(self.index)"), **PLUGINS})
    flow, found = parse(path, None, (), ("plugins/one.py",))
    assert flow is not None
    assert codes(found) == []
    assert [name for name, _ in flow.files] == ["flow.py", *ONE]


def test_an_included_file_that_is_not_python_is_left_to_who_wrote_it(tmp_path: Path) -> None:
    path = write(tmp_path, {"flow.py": flow_of("1"), "template.py": "{{ name }} = (", "client.py": "from metaflow import Run"})
    assert codes(parse(path, None, (), ("template.py", "client.py"))[1]) == []


def test_a_step_changes_with_the_module_that_it_imports_by_name(tmp_path: Path) -> None:
    def digests(value: int) -> dict[str, str]:
        one = {**PLUGINS, "plugins/one.py": f"VALUE = {value}\n"}
        return {step.name: step.digest for step in fine(write(tmp_path, {"flow.py": flow_of("import_module('plugins.one')"), **one})).steps}

    before, after = digests(1), digests(2)
    assert before["start"] != after["start"]
    assert before["end"] == after["end"]
