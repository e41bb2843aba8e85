"""Attributes of `metaflow` and `current`: those that tasks have, and those that a flow tests for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.imports.attributes import CURRENT
from flowport.runtime.names.current import Current
from sources import END, class_of, codes, fine, read, write


def flow_file(folder: Path, line: str, head: str = "import metaflow\nfrom metaflow import current") -> Path:
    return write(folder, {"flow.py": class_of(f"@step\ndef start(self):\n    {line}\n    self.next(self.end)\n{END}", head)})


def test_the_compiler_knows_what_current_has() -> None:
    names = {name for name in (*vars(Current), *Current.__annotations__) if not name.startswith("_")}
    assert names == set(CURRENT)


@pytest.mark.parametrize("name", CURRENT)
def test_what_current_has_gets_no_word(tmp_path: Path, name: str) -> None:
    fine(flow_file(tmp_path, f"print(current.{name})"))


@pytest.mark.parametrize(
    "line",
    [
        "print(current.get('project_name'), getattr(current, 'project_name', None))",
        "print(current.project_name if hasattr(current, 'project_name') else '')",
        "print(current.project_name if 'project_name' in current else '')",
        "print([current.children for current in []])",
        "print(metaflow.FlowGraph if hasattr(metaflow, 'FlowGraph') else None, metaflow.__version__)",
        "print(current.trigger.event if current.trigger else None)",
        "print(current.trigger is not None and current.trigger.event)",
    ],
)
def test_names_that_the_flow_tests_for_get_no_word(tmp_path: Path, line: str) -> None:
    fine(flow_file(tmp_path, line))


@pytest.mark.parametrize(
    "line",
    [
        "if current.is_production: print()",
        "print(current.is_production or 1)",
    ],
)
def test_what_would_fail_in_the_run_is_an_error(tmp_path: Path, line: str) -> None:
    (found,) = read(flow_file(tmp_path, line))[1]
    assert (found.severity, found.code) == ("error", "FP145")


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("print(self._graph['start'].parallel_step and current.parallel.node_index)", "warning"),
        ("print(current.parallel.node_index and 1)", "error"),
        ("print(1 and current.is_production)", "error"),
        ("print(1 and current.no_such_thing)", "error"),
    ],
)
def test_what_a_gang_of_tasks_has_may_be_read_behind_a_condition(tmp_path: Path, line: str, severity: str) -> None:
    (found,) = read(flow_file(tmp_path, line))[1]
    assert (found.severity, found.code) == (severity, "FP145")


@pytest.mark.parametrize("line", ["print(current.trigger.event)", "print(1 if current.trigger.event else 2)"])
def test_an_event_that_no_engine_sends_yet_is_a_warning(tmp_path: Path, line: str) -> None:
    (found,) = read(flow_file(tmp_path, line))[1]
    assert (found.severity, found.code) == ("warning", "FP145")


def test_what_belongs_to_a_task_is_not_there_when_the_file_is_imported(tmp_path: Path) -> None:
    head = "from metaflow import current\nNAME = current.flow_name\nUSER = current.username\ndef run():\n    return current.run_id"
    assert codes(read(flow_file(tmp_path, "print(NAME, USER, run())", head))[1]) == ["FP145"]


@pytest.mark.parametrize(
    ("rates", "main", "line", "expected"),
    [
        ("RUN = current.run_id", "import rates", "print(rates.RUN)", ["FP145"]),
        ("class Rates:\n    run = current.run_id", "from rates import Rates", "print(Rates.run)", ["FP145"]),
        ("RUN = current.run_id", "", "import rates", []),
        ("RUN = current.run_id", "def load():\n    import rates\n    return rates", "load()", []),
        ("def run():\n    return current.run_id", "import rates", "rates.run()", []),
        ("USER = current.username", "import rates", "print(rates.USER)", []),
        ("RUN = current.run_id", "import other", "print(other)", ["FP145"]),
    ],
)
def test_a_module_is_imported_before_there_is_a_task_unless_a_function_imports_it(
    tmp_path: Path, rates: str, main: str, line: str, expected: list[str]
) -> None:
    files = {"rates.py": f"from flowport import current\n{rates}\n", "other.py": "import rates\n"}
    text = class_of(f"@step\ndef start(self):\n    {line}\n    self.next(self.end)\n" + END, main)
    assert codes(read(write(tmp_path, {"flow.py": text, **files}))[1]) == expected


def test_a_try_expects_a_missing_name(tmp_path: Path) -> None:
    head = "import metaflow\ntry:\n    Graph = metaflow.FlowGraph\nexcept AttributeError:\n    Graph = None"
    fine(flow_file(tmp_path, "print(Graph)", head))


def test_modules_of_the_flow_are_looked_at_too(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "flow.py": class_of("@step\ndef start(self):\n    rates.show()\n    self.next(self.end)\n" + END, "import rates"),
            "rates.py": "from flowport import current\n\ndef show():\n    print(current.branch_name)\n",
        },
    )
    assert codes(read(path)[1]) == ["FP145"]
