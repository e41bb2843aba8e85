"""`flowport graph`: the flows of a folder, what starts them, and what `--check` finds between them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flowport.cli import execute
from flowport.workspace.chains import read
from flowport.workspace.folders import flows as folder_flows
from sarif import results_of
from sources import write

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DOCS = HERE.parents[1] / "docs"
Golden = Callable[[Path, str], None]
Say = Callable[..., tuple[int, str, str]]

FLOW = """
from metaflow import FlowSpec, Parameter, flow, project, schedule, step, trigger, trigger_on_finish
from metaflow.integrations import ArgoEvent

EVENT = "model"


{marks}
class {name}(FlowSpec):
    {body}

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        {end}
"""


def flow(name: str, marks: str = "", body: str = "pass", end: str = "pass") -> str:
    """A file with a flow; what it does in its last step is `end`."""
    return FLOW.format(name=name, marks=marks, body=body, end=end).replace(", flow,", ",")


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs `flowport graph` in a folder: its exit status, and what it prints on both streams."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = execute(["graph", *words])
        return status, *capfd.readouterr()

    return run


@pytest.fixture
def pipeline(tmp_path: Path) -> None:
    """The flows of the documentation, in the folder `flows`."""
    shutil.copytree(HERE / "flows", tmp_path / "flows", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.usefixtures("pipeline")
def test_the_flows_of_the_documentation(graph: Say, golden: Golden) -> None:
    status, out, err = graph("flows")
    assert (status, err) == (0, "")
    golden(GOLDEN / "graph.txt", out)
    assert graph("flows", "--check") == (0, "6 flows fit together\n", "")
    golden(GOLDEN / "impact.txt", graph("flows/", "--impact", "LabelsFlow")[1])
    page = (DOCS / "graph.md").read_text(encoding="utf-8")
    for name in ("graph.txt", "impact.txt"):
        assert (GOLDEN / name).read_text(encoding="utf-8") in page


@pytest.mark.usefixtures("pipeline")
def test_the_pictures_of_the_documentation(graph: Say, golden: Golden) -> None:
    assert graph("flows", "-o", "graph.svg") == (0, "graph.svg\n", "")
    golden(DOCS / "graph.svg", Path("graph.svg").read_text(encoding="utf-8"))
    assert graph("flows", "--impact", "LabelsFlow", "--output", "impact.svg")[0] == 0
    golden(GOLDEN / "impact.svg", Path("impact.svg").read_text(encoding="utf-8"))
    root = ElementTree.fromstring(Path("graph.svg").read_text(encoding="utf-8"))
    assert [root[0].text, root[0].get("id"), root[1].get("id")] == ["6 flows and what starts them", "title", "desc"]
    assert "FeaturesFlow starts TrainFlow. " in (root[1].text or "")


@pytest.mark.usefixtures("pipeline")
def test_the_graph_as_json(graph: Say) -> None:
    status, out, _ = graph("flows", "--json", "--impact", "TrainFlow")
    found: dict[str, Any] = json.loads(out)
    assert (status, found["diagnostics"]) == (0, [])
    assert {"id": "event/model", "kind": "event", "name": "model", "note": None, "twin": False, "file": None, "line": None} in found[
        "nodes"
    ]
    assert {"from": "TrainFlow", "to": "event/model", "kind": "sends"} in found["edges"]
    assert found["impact"]["followers"][0] == {
        "flow": "ScoreFlow",
        "depth": 1,
        "way": ["TrainFlow", "event/model", "ScoreFlow"],
        "needs": [],
    }


UPSTREAM = '@trigger_on_finish(flow="{}")'


def test_what_is_wrong_is_at_the_line_of_the_decorator(graph: Say, golden: Golden, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "flows/a.py": flow("AFlow", UPSTREAM.format("CFlow")),
            "flows/b.py": flow("BFlow", UPSTREAM.format("AFlow")),
            "flows/c.py": flow("CFlow", UPSTREAM.format("BFlow")),
            "flows/typo.py": flow("Typo", UPSTREAM.format("BFlw")),
            "flows/twin.py": flow("Twin"),
            "flows/twins/twin.py": flow("Twin"),
            "flows/needs.py": flow("Needs", UPSTREAM.format("Twin"), 'day = Parameter("day", required=True)'),
            "flows/sends.py": flow("Sends", end='ArgoEvent(EVENT).add_to_payload("rows", "many").publish({"day": 1})'),
            "flows/takes.py": flow(
                "Takes",
                '@trigger(event={"name": "model", "parameters": {"rows": "rows", "date": "date"}})',
                'rows = Parameter("rows", default=1)\n    date = Parameter("date", default="")',
            ),
            "flows/lost.py": flow("Lost").replace("self.end)", "self.emd)"),
        },
    )
    status, out, err = graph("flows", "--check")
    assert (status, err) == (1, "")
    golden(GOLDEN / "check.txt", out)
    status, out, err = graph("flows", "--check", "--format", "github")
    assert status == 1
    assert "::error file=flows/a.py,line=8,endLine=8,col=2,endColumn=33,title=FP263::flows start one another" in out
    write(tmp_path, {"flows/broken.py": flow("Broken").replace("pass", "pass pass")})
    status, out, err = graph("flows")
    assert (status, err) == (0, "flowport graph: 7 errors, 1 warning; add --check to see them\n")
    golden(GOLDEN / "with_errors.txt", out)


@pytest.fixture
def mixed(tmp_path: Path) -> None:
    """A flow that waits for one that is not there, and for the clock; a flow with errors; and a circle, if an event is sent."""
    marks = UPSTREAM.format("Far") + "\n@schedule(daily=True)"
    write(
        tmp_path,
        {
            "takes é.py": flow("Takes", marks),
            "lost.py": flow("Lost").replace("self.end)", "self.emd)"),
            "round.py": flow("Round", '@trigger(events=["model", "labels"])', end="ArgoEvent(EVENT).publish()"),
        },
    )


@pytest.mark.usefixtures("mixed")
def test_each_kind_of_node_in_json(graph: Say) -> None:
    status, out, err = graph(".", "--json")
    assert (status, err) == (0, "flowport graph: 2 errors, 1 warning; add --check to see them\n")
    found = {node["id"]: (node["kind"], node["name"], node["note"], node["file"], node["line"]) for node in json.loads(out)["nodes"]}
    assert found == {
        "Lost": ("unread", "Lost", None, "lost.py", 9),
        "Round": ("flow", "Round", None, "round.py", 9),
        "Takes": ("flow", "Takes", None, "takes é.py", 10),
        "Far": ("elsewhere", "Far", None, None, None),
        "event/labels": ("event", "labels", None, None, None),
        "event/model": ("event", "model", None, None, None),
        "schedule/0 0 * * * UTC": ("schedule", "0 0 * * *", "UTC", None, None),
    }


@pytest.mark.usefixtures("mixed")
def test_what_is_wrong_for_programs_that_show_it(graph: Say) -> None:
    status, out, err = graph(".", "--check", "--format", "sarif")
    assert (status, err) == (1, "")
    assert results_of(json.loads(out)) == [
        ("FP201", "error", "lost.py", 14),
        ("FP264", "error", "takes%20%C3%A9.py", 8),
        ("FP263", "warning", "round.py", 8),
    ]
    status, out, err = graph(".", "--check", "--format", "github")
    assert (status, err) == (1, "")
    assert [line.partition("::")[2].partition(",col=")[0] for line in out.splitlines()] == [
        "error file=lost.py,line=14,endLine=14",
        "error file=takes é.py,line=8,endLine=8",
        "warning file=round.py,line=8,endLine=8",
    ]


def test_two_flows_of_one_name_are_two_nodes(graph: Say, tmp_path: Path) -> None:
    daily = flow("Twin", "@schedule(daily=True)")
    write(tmp_path, {"a.py": flow("Twin", '@trigger(event="model")'), "b.py": daily, "c.py": flow("Next", UPSTREAM.format("Twin"))})
    found = json.loads(graph(".", "--json")[1])
    assert [node["id"] for node in found["nodes"] if node["twin"]] == ["a.py:Twin", "b.py:Twin"]
    edges = [(edge["from"], edge["to"]) for edge in found["edges"]]
    assert edges == [
        ("event/model", "a.py:Twin"),
        ("schedule/0 0 * * * UTC", "b.py:Twin"),
        ("a.py:Twin", "Next"),
        ("b.py:Twin", "Next"),
    ]
    assert codes(graph(".", "--check", "--format", "json")) == (1, ["FP265"])
    assert "  Twin                  b.py, another flow has the same name\n" in graph(".")[1]
    assert graph(".", "--impact", "b.py:Twin")[1].splitlines()[-1] == "1      Next  b.py:Twin -> Next"
    assert "there are 2 flows `Twin`\n  --impact a.py:Twin or --impact b.py:Twin\n" in graph(".", "--impact", "Twin")[2]
    assert graph(".", "-o", "twins.svg")[0] == 0
    picture = Path("twins.svg").read_text(encoding="utf-8")
    assert (picture.count('class="flow twin"'), picture.count("name not unique"), "waits for all" in picture) == (2, 2, False)


def test_a_field_that_nobody_sends_is_an_error_without_a_default(graph: Say, tmp_path: Path) -> None:
    parameter = DAY.replace(', default=""', "")
    write(tmp_path, {"sends.py": flow("Sends", end='ArgoEvent("model").publish()'), "takes.py": flow("Takes", TAKES, DAY)})
    assert codes(graph(".", "--check", "--format", "json")) == (0, ["FP267"])
    write(tmp_path, {"takes.py": flow("Takes", TAKES, parameter)})
    assert codes(graph(".", "--check", "--format", "json")) == (1, ["FP267"])


def codes(say: tuple[int, str, str]) -> tuple[int, list[str]]:
    return say[0], [one["code"] for one in json.loads(say[1])]


def test_a_flow_that_is_deployed_from_elsewhere_may_be_named(graph: Say, tmp_path: Path) -> None:
    write(tmp_path, {"a.py": flow("AFlow", UPSTREAM.format("Far"))})
    assert codes(graph(".", "--check", "--format", "json")) == (1, ["FP264"])
    assert codes(graph(".", "--check", "--format", "json", "--elsewhere", "Far")) == (0, [])
    write(tmp_path, {"far/far.py": flow("Far")})
    assert codes(graph("a.py", "far", "--check", "--format", "json")) == (0, [])


def test_a_name_of_elsewhere_that_no_trigger_has_is_said(graph: Say, tmp_path: Path) -> None:
    write(tmp_path, {"a.py": flow("AFlow", UPSTREAM.format("Faraway"))})
    status, _, err = graph(".", "--check", "--elsewhere", "Faaway", "--elsewhere", "Faraway")
    assert (status, err) == (0, "flowport graph: no trigger names the flow `Faaway` of `--elsewhere`; did you mean `Faraway`?\n")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("a.py:Alfow", "error[FP112]: `a.py` has no flow `Alfow`"),
        ("a.py:Plain", "error[FP111]: `Plain` is not a flow"),
        ("notes.md", "error[FP110]: `notes.md` has no flow"),
        ("broken.py", "error[FP104]"),
    ],
)
def test_an_argument_that_names_no_flow_is_refused_as_by_check(graph: Say, tmp_path: Path, argument: str, message: str) -> None:
    aflow = flow("AFlow") + "\n\nclass Plain:\n    pass\n"
    write(tmp_path, {"a.py": aflow, "notes.md": "notes\n", "broken.py": flow("Broken").replace("pass", "pass pass")})
    status, out, err = graph(argument)
    assert (status, out, message in err) == (1, "", True)
    assert ("did you mean `AFlow`?" in err) == (argument == "a.py:Alfow")
    status, out, err = graph(argument, "--check")
    assert (status, message in out, err) == (1, True, "")
    found = json.loads(graph(argument, "--check", "--json")[1])
    assert (found["nodes"], len(found["diagnostics"])) == ([], 1)


@pytest.mark.parametrize(("module", "name"), [(folder_flows, "list_flows"), (read, "check_flow"), (read, "sent_events")])
def test_a_file_that_flowport_fails_on_is_an_error_and_the_others_are_checked(
    graph: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    real = getattr(module, name)

    def failing(argument: str, *more: Any) -> Any:
        if argument.startswith("bad.py"):
            raise RecursionError("too deep")
        return real(argument, *more)

    monkeypatch.setattr(module, name, failing)
    write(tmp_path, {"bad.py": flow("Bad", end='ArgoEvent("model").publish()'), "typo.py": flow("Typo", UPSTREAM.format("Tpo"))})
    status, out, err = graph(".", "--check")
    assert (status, err) == (1, "")
    assert "error[defect]: flowport fails on `bad.py`: RecursionError: too deep\n --> bad.py:" in out
    assert ("error[FP264]" in out, out.endswith("\n2 errors\n")) == (True, True)


def test_flows_of_a_project_know_those_of_their_branch(graph: Say, tmp_path: Path) -> None:
    marks = '@project(name="{}")\n' + UPSTREAM
    write(
        tmp_path,
        {
            "flowport.toml": 'branch = "new"\n',
            "a.py": flow("AFlow", '@project(name="demo")'),
            "b.py": flow("BFlow", marks.format("demo", "AFlow")),
            "c.py": flow("CFlow", marks.format("demo", "demo.prod.AFlow")),
            "d.py": flow("DFlow", marks.format("other", "AFlow")),
            "e.py": flow("AFlow", '@project(name="third")'),
            "f.py": flow("FFlow", marks.format("demo", "GFlow")),
            "g.py": flow("GFlow"),
        },
    )
    status, out, _ = graph(".", "--json", "--check")
    found = json.loads(out)
    assert {"from": "demo.test.new.AFlow", "to": "demo.test.new.BFlow", "kind": "finish"} in found["edges"]
    assert {"from": "demo.prod.AFlow", "to": "demo.test.new.CFlow", "kind": "finish"} in found["edges"]
    one, other = found["diagnostics"]
    assert (status, one["code"], one["span"]["file"], other["code"], other["span"]["file"]) == (1, "FP264", "d.py", "FP264", "f.py")
    assert 'belongs to the project `demo`: give both flows the same `@project`, or write `flow="demo.test.new.AFlow"`' in one["help"][0]
    assert "the flow `GFlow` in g.py belongs to no project: give both flows the same `@project`" in other["help"]
    assert graph(".", "--impact", "BFlow")[1] == "nothing follows demo.test.new.BFlow\n"
    assert "there are 2 flows `AFlow`" in graph(".", "--impact", "AFlow")[2]


TAKES = '@trigger(event={"name": "model", "parameters": {"day": "date"}})'
DAY = 'day = Parameter("day", default="")'


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ('ArgoEvent("model").publish(payload={"date": self.day})', []),
        ('ArgoEvent(name=EVENT, payload={"date": 1}).safe_publish()', ["FP268"]),
        ('ArgoEvent(EVENT, payload={"other": 1}).safe_publish()', ["FP267"]),
        ('ArgoEvent("model").add_to_payload("date", 1).publish()', []),
        ("ArgoEvent('mod' + 'el').publish()", ["FP267"]),
        ('event = ArgoEvent("model")\n        event.add_to_payload("date", 1)\n        event.publish()', []),
        ('event = ArgoEvent("model")\n        event.add_to_payload("data", 1)\n        id = event.publish()', ["FP267"]),
        ('event = ArgoEvent("model")\n        print(event)', []),
        ('ArgoEvent("model").publish(self.payload)', []),
        ('ArgoEvent("model").publish({**self.payload})', []),
        ('ArgoEvent("model").publish(**self.options)', []),
        ('send(ArgoEvent("model"))', []),
        ("ArgoEvent(self.name).publish()", []),
        ('ArgoEvent("other").publish()', []),
        ("helped()", ["FP267"]),
        ("self.method()", ["FP267"]),
    ],
)
def test_the_fields_that_a_sender_shows_are_compared(graph: Say, tmp_path: Path, end: str, expected: list[str]) -> None:
    method = 'def method(self):\n        ArgoEvent("model").publish()'
    helper = '\n\ndef helped():\n    from metaflow.integrations import ArgoEvent as Event\n\n    Event("model").publish()\n'
    unused = '\n\ndef unused():\n    ArgoEvent("model").publish()\n'
    sender = flow("Sends", body=method, end=end) + helper + unused
    write(tmp_path, {"sends.py": sender, "takes.py": flow("Takes", TAKES, DAY)})
    assert codes(graph(".", "--check", "--format", "json"))[1] == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--impact", "TranFlow"), "there is no flow `TranFlow`\n  did you mean `TrainFlow`?"),
        (("-o", "graph.png"), "the graph cannot be written as `graph.png`\n  let the name end in .svg"),
        (("--format", "json"), "`--format` is that of what `--check` finds"),
        (
            ("--check", "--impact", "TrainFlow"),
            "`--check` prints what is wrong, and `--impact` what follows a flow\n  leave one out",
        ),
        (("nowhere",), "there is no file or folder `nowhere`"),
        (("empty",), "there are no flows below `empty`"),
    ],
)
@pytest.mark.usefixtures("pipeline")
def test_wrong_use_says_what_to_type(graph: Say, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "empty").mkdir()
    status, out, err = graph("flows", *words)
    assert (status, out) == (2, "")
    assert f"flowport graph: {message}" in err
