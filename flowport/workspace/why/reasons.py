"""What an explanation consists of. `sentences.py` says it in words."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

ReasonKind: TypeAlias = Literal[
    "forced",
    "gone",
    "absent",
    "elsewhere",
    "unfinished",
    "caught",
    "source",
    "decorator",
    "packages",
    "config",
    "definition",
    "parameter",
    "project",
    "count",
    "element",
    "inputs",
    "names",
    "artifact",
    "input",
    "later",
    "unknown",
    "uncompared",
]
"""Why an item ran although the run resumes another one:

forced      `--from` names the step `subject`
gone        the earlier run can no longer be read
absent      the earlier run has no item with this address
elsewhere   the item did not come to the step there
unfinished  it did not finish there; `now` is its error
caught      `@catch` replaced it there; `now` is its error
source      a function, class or constant `subject` at `place` changed; `before` and `now` are the lines that differ
decorator   what a decorator `subject` of the step asks for changed
packages    its packages changed
config      the config `subject` changed
definition  the code of a class `subject` changed, of which it read an instance
parameter   the parameter `subject` changed
project     `current.subject` changed
count       the number of items of the foreach of step `subject` changed
element     the element of the foreach of step `subject` that it works on changed
inputs      the number of inputs of the join changed
names       the names of the artifacts that the inputs of the join have changed
artifact    the artifact `subject` changed, which `place` sets
input       the artifact `subject` changed in `number` of `of` inputs of the join, first in that of `place`
later       the earlier run finished it after this run had started it
unknown     nothing that was recorded changed
uncompared  it is one of so many that they are not compared one by one
"""


class Reason(NamedTuple):
    """One reason. `because` is why that changed: the reasons for which the task at `place` ran again."""

    kind: ReasonKind
    subject: str = ""
    before: str | None = None
    now: str | None = None
    place: str = ""
    number: int = 0
    of: int = 0
    because: tuple[Reason, ...] = ()

    def document(self) -> dict[str, Any]:
        """The reason for JSON, without what it does not say."""
        found = {name: value for name, value in self._asdict().items() if value not in ("", None, 0, ())}
        return found | ({"because": [one.document() for one in self.because]} if self.because else {})


class Compared(NamedTuple):
    """Why an item was not taken over from one run."""

    run: str
    reasons: tuple[Reason, ...]

    @property
    def is_comparison(self) -> bool:
        """Whether the run has the item: otherwise an earlier one may have it."""
        return not any(reason.kind in ("gone", "absent", "elsewhere", "unfinished", "caught") for reason in self.reasons)
