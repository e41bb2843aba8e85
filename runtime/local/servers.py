"""The servers of a local run: one for each Python that a step of the flow runs in."""

from __future__ import annotations

from flowport.runtime.local.worker_channel import WorkerChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowport.runtime.local.run_spec import RunSpec


class Servers:
    """The server processes of one run; they begin to import the flow at once.

    `pythons` has the path of a Python by the name of an environment. Steps of other environments, and those without one, run in this
    Python, which has a server only if there are any.
    """

    def __init__(self, spec: RunSpec, plan: Mapping[str, Any], pythons: Mapping[str, str]) -> None:
        environments = plan.get("environments", {})
        self._names = {step: name if (name := environments.get(step, "")) in pythons else "" for step in plan["steps"]}
        self._channels = {name: WorkerChannel(spec, name, pythons.get(name)) for name in dict.fromkeys(self._names.values())}

    @property
    def channels(self) -> list[WorkerChannel]:
        """All of them."""
        return list(self._channels.values())

    def of(self, step: str) -> WorkerChannel:
        """The server that starts the tasks of a step."""
        return self._channels[self._names[step]]

    def where(self, channel: WorkerChannel) -> str:
        """Which server it is, in words that follow a sentence; "" if there is only that of this Python."""
        if channel.environment:
            return f" in the environment `{channel.environment}`"
        if len(self._channels) == 1:
            return ""
        steps = [step for step, name in self._names.items() if not name]
        return f" in this Python, which has no environment of its own for {_listed(steps)}"

    def send(self, word: str) -> None:
        """Say the same to all; raises ServerLost when one of them is gone."""
        for channel in self.channels:
            channel.send(word)

    def printed(self) -> str:
        """What was printed outside of any task since this was asked last; the same once, as each server imports the flow."""
        return "\n".join(filter(None, dict.fromkeys(channel.printed() for channel in self.channels)))

    def close(self) -> None:
        """Let the servers end, and with them everything that they started."""
        for channel in self.channels:
            channel.hang_up()
        for channel in self.channels:
            channel.close()


def _listed(steps: list[str]) -> str:
    names = [f"`{step}`" for step in steps[:3]]
    return ", ".join(names) + (f" and {len(steps) - 3} more steps" if len(steps) > 3 else "")
