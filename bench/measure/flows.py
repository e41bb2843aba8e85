"""Flows of any size, as source; `package` is who they import from, `flowport` or `metaflow`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path


def linear(steps: int) -> str:
    """`start`, one step after the other, and `end`: `steps` in all."""
    names = ["start", *[f"step_{number}" for number in range(steps - 2)], "end"]
    body = [_step(name, "self.number = 1", f"self.next(self.{after})") for name, after in pairwise(names)]
    return _flow("Linear", [*body, _step("end", "print(self.number)")])


def diamonds(count: int) -> str:
    """`count` times a branch of two steps and their join, one after the other: 4 * `count` + 2 steps."""
    body = [_step("start", "self.next(self.fork_0)")]
    for number in range(count):
        body.append(_step(f"fork_{number}", f"self.next(self.left_{number}, self.right_{number})"))
        body += [_step(f"{side}_{number}", f"self.next(self.join_{number})") for side in ("left", "right")]
        after = "end" if number == count - 1 else f"fork_{number + 1}"
        body.append(_step(f"join_{number}", f"self.next(self.{after})", arguments="self, inputs"))
    return _flow("Diamonds", [*body, _step("end", "pass")])


def items(count: int, imports: str = "") -> str:
    """A foreach over `count` numbers whose items do next to nothing; `imports` is a line for the top of the file."""
    body = [
        _step("start", f"self.numbers = list(range({count}))", 'self.next(self.work, foreach="numbers")'),
        _step("work", "self.double = self.input * 2", "self.next(self.join)"),
        _step("join", "self.total = sum(one.double for one in inputs)", "self.next(self.end)", arguments="self, inputs"),
        _step("end", "print(self.total)"),
    ]
    return imports + _flow("Items", body)


def written(folder: str, name: str, source: str, package: str = "flowport") -> str:
    """The path of a flow's file, made."""
    path = Path(folder, f"{name}_{package}.py")
    path.write_text(source.replace("from flowport import", f"from {package} import"))
    return str(path)


def _step(name: str, *lines: str, arguments: str = "self") -> str:
    return f"    @step\n    def {name}({arguments}):\n" + "".join(f"        {line}\n" for line in lines)


def _flow(name: str, steps: list[str]) -> str:
    body = "\n".join(steps)
    return f'from flowport import FlowSpec, step\n\n\nclass {name}(FlowSpec):\n{body}\n\nif __name__ == "__main__":\n    {name}()\n'
