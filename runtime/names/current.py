"""`current`: the running task and its run."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


class Parameters:
    """The parameters of a run, as attributes and as pairs."""

    def __init__(self, values: Callable[[], dict[str, Any]]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values()[name]
        except KeyError:
            raise AttributeError(f"the flow has no parameter `{name}`") from None

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._values().items())


class Card:
    """`current.card`: takes what Metaflow's takes, and shows nothing. `current.card["id"]` and its `components` are the same card."""

    @property
    def components(self) -> Card:
        return self

    @components.setter
    def components(self, values: object) -> None: ...

    def append(self, *values: object, **named: object) -> None:
        """Nothing is shown."""

    extend = clear = refresh = update = append

    def get(self, *values: object, **named: object) -> list[Any]:
        """The cards that there are: none."""
        return []

    def __getitem__(self, name: object) -> Card:
        return self

    def __setitem__(self, name: object, value: object) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True


class Current:
    """What runs now: `from flowport import current`. Outside a task what belongs to the task is an AttributeError."""

    flow_name: str
    run_id: str
    origin_run_id: str | None
    step_name: str
    _address: Callable[[], str]
    retry_count: int
    parameters: Parameters
    tags: frozenset[str]
    is_running_flow = False
    card = Card()
    trigger = None

    @property
    def parameter_names(self) -> list[str]:
        """The names of the flow's parameters."""
        return [name for name, _ in self.parameters]

    @property
    def username(self) -> str | None:
        """Who runs the task, as Metaflow finds it: from the environment, and never root."""
        found = (os.environ.get(name) for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"))
        return next((name for name in found if name and name != "root"), None)

    @property
    def namespace(self) -> str | None:
        """Metaflow's name for what the user runs: `user:NAME`; None without a user name."""
        return f"user:{self.username}" if self.username else None

    @property
    def task_id(self) -> str:
        """The address of the item, such as `r.3`. It is computed on access."""
        return self._address()

    @property
    def pathspec(self) -> str:
        """`Flow/run/step/task`."""
        return f"{self.flow_name}/{self.run_id}/{self.step_name}/{self.task_id}"

    @property
    def attempt(self) -> int:
        """The number of this item's attempt, from 0: another name of `retry_count`."""
        return self.retry_count

    def get(self, name: str, default: Any = None) -> Any:
        """The value called `name`, or `default` where there is none."""
        return getattr(self, name, default)

    def __contains__(self, name: str) -> bool:
        return hasattr(self, name)


current = Current()
