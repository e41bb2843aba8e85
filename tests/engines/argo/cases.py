"""What becomes of flows in which something is out of the ordinary: the same on the local engine and on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.argo.runs import Ended
from flowport.runtime.run.reader import find
from flowport.runtime.store.open import open_store

FLOWS = Path(__file__).with_name("flows")
NASTY = "{{=2+2}} {{workflow.name}} {{x $(HOME) $$(HOME) $HOME 'single' \"double\" `back` \\ \n two ë 🙂 ' y: no"
"""What a user may type; an expression that cannot be read, as `{{= (}}`, Argo itself does not survive."""


@dataclass(frozen=True)
class Case:
    """A flow with what its form is filled in with, and how it ends: the phase, and exit codes of the pods of some steps in their order."""

    id: str
    flow: str
    form: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    phase: str = "Succeeded"
    codes: Mapping[str, list[int]] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return FLOWS / f"{self.flow}.py"


def _left(way: str, last: int, turns: int) -> Case:
    """A loop that is left by a way in some turn, with a cap."""
    return Case(
        f"a loop that is left by `{way}` in turn {last}, with {turns} turns before the rest",
        "ways",
        {"way": way, "last": str(last)},
        {"turns": turns},
        codes={way: [0], "won" if way == "resigned" else "resigned": []},
        end={"turn": last},
    )


CASES = (
    Case("an arm that fails before its arms meet", "arm", phase="Failed", codes={"a_too": [1, 1], "b": [], "end": []}),
    Case("a branch that fails while another one runs", "sides", phase="Failed", codes={"bad": [1], "better": [0], "both": [], "end": []}),
    Case("a pod that raises, is killed, and succeeds", "twice", codes={"work": [1, 137, 0]}, end={"tries": 3}),
    Case(
        "a gang of which a node raises, one is killed, and which then succeeds",
        "gang_twice",
        codes={"work": [1] * 6 + [0] * 3, "both": [0]},
        end={"attempts": [2, 2, 2], "sum": 6},
    ),
    Case("a gang that always fails", "gang_twice", {"tries": "9"}, phase="Failed", codes={"work": [1] * 9, "both": []}),
    Case("a gang whose number of nodes the form says", "gang_twice", {"nodes": "5"}, codes={"work": [1] * 10 + [0] * 5}, end={"sum": 15}),
    Case("a pod that stops with 78", "stops", phase="Failed", codes={"work": [78], "end": []}),
    Case("a step that takes too long", "late", phase="Failed", codes={"start": [1], "end": []}),
    Case(
        "values full of braces, dollars and quotes",
        "values",
        {"text": NASTY},
        end={"values": [NASTY, {"{{workflow.name}}": ["$(PATH)", None, 1e30]}]},
    ),
    Case("40 slices", "wide", end={"total": 1560}),
    *(_left(way, 3, turns) for way in ("won", "resigned") for turns in (0, 1, 2, 50)),
)


def check(case: Case, ended: Ended) -> None:
    """Assert that a run ended as its case says, with nothing lost."""
    assert ended.phase == case.phase, ended.said
    assert {step: [code for task, code in ended.pods if task.step == step] for step in case.codes} == case.codes, ended.said
    if ended.succeeded:
        assert ended.lost == []
        found = find(open_store(ended.store), ended.plan.flow.name, ended.run).artifacts("end")
        assert {name: found[name] for name in case.end} == case.end
