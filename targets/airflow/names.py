"""What the tasks and groups of a DAG are called, in Airflow and as variables of its file: a step's own name wherever that can be.

train -> train        größe -> gr_e_5f3c9a07        the loop of spread -> spread_loop
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Iterator
from itertools import count

from flowport.compiler.ir.plan import Plan, steps
from flowport.compiler.lower.fuse import loops
from flowport.compiler.lower.names import legal, with_hash
from flowport.compiler.record import record
from flowport.runtime.protocol import GATE
from flowport.targets.airflow.settings import ID

CHARACTERS = "A-Za-z0-9_"


@record
class Name:
    """The id of a task or group, and the variable that holds it."""

    id: str
    variable: str


class Names:
    """The names of a plan's tasks, by step, a loop's by its header; none of the variables is among those that are `taken`."""

    def __init__(self, plan: Plan, taken: Iterable[str] = ()) -> None:
        self._taken = {*taken, *dir(builtins)}
        self._used: set[str] = set()
        self._ids: set[str] = set()
        rests = loops(plan)
        inside = {step for loop in rests.values() for step in steps(loop.body)}
        self.steps = {step: self.new("begin_run" if step == GATE else step) for step in steps(plan.body) if step not in inside}
        self.loops = {header: self.new(f"{header}_loop") for header in rests}

    def __getitem__(self, step: str) -> Name:
        return self.steps.get(step) or self.loops[step]

    def new(self, text: str) -> Name:
        """The name of something called `text`, which nothing else has; a second one of that name gets a number."""
        unique = text if text not in self._used else next(other for other in _numbered(text) if other not in self._used)
        self._used.add(unique)
        id = legal(unique, CHARACTERS, ID[1]).replace("-", "_")
        if id in self._ids:
            id = with_hash(unique, f"{unique} again", CHARACTERS, ID[1]).replace("-", "_")
        self._ids.add(id)
        variable = id if id.isidentifier() else f"_{id}"
        while variable in self._taken or keyword.iskeyword(variable):
            variable += "_"
        self._taken.add(variable)
        return Name(id, variable)


def _numbered(text: str) -> Iterator[str]:
    return (f"{text}_{number}" for number in count(2))
