"""The end of a run, as the command `python -m flowport.runtime hooks` is told of it.

Each field is an option, as in `--status FAILED`, or a variable of the environment, as in `FLOWPORT_STATUS`; an option comes first.
"""

from __future__ import annotations

from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.protocol import COMMAND, OLDEST_COMMAND, VersionError, variable, version_problem
from flowport.runtime.records.life import read_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowport.runtime.records.life import End
    from flowport.runtime.store.interface import Store
    from flowport.runtime.store.keys import Keys

ENDS: Mapping[str, End] = {
    **dict.fromkeys(("done", "succeeded"), "done"),
    **dict.fromkeys(("stopped", "aborted"), "stopped"),
    **dict.fromkeys(("failed", "error", "timed_out"), "failed"),
}
"""What engines call the end of a run, in small letters: the phases of Argo, and the statuses of Step Functions."""


class Ending:
    """A run that has ended.

    `status` is the engine's word, "" where only the store knows it. `again` are the options of a command about the run, such as
    ` --target argo`. `receivers` is JSON (`receivers`), and `function` is set in the process of one exit hook (`functions`).
    """

    __slots__ = ("again", "code", "flow", "function", "protocol", "receivers", "run", "status", "store", "target")

    def __init__(self, **fields: str) -> None:
        for name in self.__slots__:
            setattr(self, name, fields.get(name, ""))

    flow: str
    run: str
    store: str
    code: str
    status: str
    target: str
    again: str
    receivers: str
    function: str
    protocol: str

    def argv(self) -> list[str]:
        """The command behind `python -m flowport.runtime`."""
        return [COMMAND_WORD, *(word for name, value in self._said().items() for word in (f"--{name}", value))]

    def variables(self) -> dict[str, str]:
        """The variables of the environment that stand for it."""
        return {variable(name): value for name, value in self._said().items()}

    def _said(self) -> dict[str, str]:
        said = {name: str(getattr(self, name)) for name in self.__slots__}
        return {name: value for name, value in {**said, "protocol": str(COMMAND)}.items() if value}

    @classmethod
    def parse(cls, argv: list[str], environment: Mapping[str, str]) -> Ending:
        """What the arguments behind `hooks` and the environment say; raises VersionError."""
        options = dict(zip(argv[::2], argv[1::2]))
        strange = [option for option in options if option[2:] not in cls.__slots__ or not option.startswith("--")]
        if strange or len(argv) % 2:
            raise VersionError(f"`hooks` takes pairs of an option and its value, and no `{(strange or argv)[-1]}`")
        found = cls(**{name: options.get(f"--{name}", environment.get(variable(name), "")) for name in cls.__slots__})
        missing = [name for name in ("flow", "run", "store", "code") if not getattr(found, name)]
        if missing:
            raise VersionError(f"option `--{missing[0]}` is missing")
        number = int(found.protocol) if found.protocol.isdecimal() else found.protocol
        if wrong := version_problem(number, COMMAND, OLDEST_COMMAND):
            raise VersionError(f"the end of a run was announced to another version of flowport: {wrong}")
        return found

    def end(self, store: Store, keys: Keys) -> End:
        """How the run has ended; without the engine's word, and for one that nobody knows, the store says whether its last step is done."""
        word = self.status.lower()
        if word in ENDS:
            return ENDS[word]
        found = read_end(store, keys)
        return "failed" if found is None else found[0]
