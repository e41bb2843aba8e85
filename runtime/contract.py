"""What the compiler, the engines and the runtime agree on: the command of a task, its exit codes, the places in the code package.

The plan inside the code package is plain JSON; `compiler/contract.py` writes it and its docstring describes it.
"""

from __future__ import annotations

CONTRACT = 1
"""The version of everything that this module and the plan in the code package say."""

DONE = 0
FAILED = 1
STOP = 78
"""Exit codes: the manifest exists; may be tried again; must not be tried again."""

FLOW = ".flowport/flow.json"
PLAN = ".flowport/plan.json"
STEP_PLANS = ".flowport/plan/"


class Mismatch(Exception):
    """An invocation that this runtime does not understand."""


class Invocation:
    """The command of one task, or of one fused block.

    `step` is the step, or with `block` the header of the loop whose rest is run, beginning at `turn`.
    `width` and `total` bound the slices of one fan-out and of one foreach level in the whole run.
    `engine` identifies the engine's own run: only the first task needs it. `epoch` counts deliberate re-runs.
    `last` is the number of the last generation that the engine reads: 0, or -1 where it reads the highest.
    """

    __slots__ = ("flow", "run", "step", "slice", "store", "code", "width", "total", "engine", "epoch", "block", "turn", "last")

    TEXT = ("flow", "run", "step", "slice", "store", "code", "engine")
    NUMBERS = ("width", "total", "epoch", "turn", "last")

    def __init__(
        self,
        flow: str,
        run: str,
        step: str,
        slice: str,
        store: str,
        code: str,
        *,
        width: int,
        total: int,
        engine: str = "",
        epoch: int = 0,
        block: bool = False,
        turn: int = 0,
        last: int = 0,
    ) -> None:
        self.flow, self.run, self.step, self.slice, self.store, self.code = flow, run, step, slice, store, code
        self.width, self.total, self.engine, self.epoch = width, total, engine, epoch
        self.block, self.turn, self.last = block, turn, last

    def argv(self) -> list[str]:
        """The arguments after `python -m flowport.runtime`; what equals its default is left out."""
        words = ["block" if self.block else "task", "--contract", str(CONTRACT)]
        for name in ("flow", "step", "run", "slice", "store", "code", "width", "total"):
            words += ["--" + name, str(getattr(self, name))]
        for name in ("engine", "epoch", "turn", "last"):
            if getattr(self, name):
                words += ["--" + name, str(getattr(self, name))]
        return words

    @classmethod
    def parse(cls, argv: list[str]) -> Invocation:
        """The invocation that `argv` stands for; raises Mismatch when it was made for another runtime."""
        if not argv or argv[0] not in ("task", "block") or len(argv) % 2 == 0:
            raise Mismatch("the command is `task` or `block` followed by pairs of an option and its value")
        pairs = dict(zip(argv[1::2], argv[2::2]))
        contract = pairs.pop("--contract", "none")
        if contract != str(CONTRACT):
            raise Mismatch(
                f"the files were compiled for contract {contract} and this runtime has contract {CONTRACT}: "
                "use the same version of flowport for both"
            )
        values: dict[str, str | int] = {}
        for option, value in pairs.items():
            name = option[2:]
            if not option.startswith("--") or name not in cls.TEXT + cls.NUMBERS:
                raise Mismatch(f"option `{option}` is unknown")
            if name in cls.NUMBERS and not value.lstrip("-").isdecimal():
                raise Mismatch(f"option `{option}` is a number, not `{value}`")
            values[name] = int(value) if name in cls.NUMBERS else value
        missing = [name for name in ("flow", "run", "step", "slice", "store", "code", "width", "total") if name not in values]
        if missing:
            raise Mismatch(f"option `--{missing[0]}` is missing")
        return cls(block=argv[0] == "block", **values)  # type: ignore[arg-type]
