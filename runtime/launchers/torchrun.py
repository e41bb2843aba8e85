"""`current.torch` of `@torchrun`: runs a script with torchrun on every node, which find each other at node 0.

`TorchrunSingleNodeMultiGPU` does so for the processes of one step that is no gang.
"""

from __future__ import annotations

from flowport.runtime.launchers.command import TorchrunException, entrypoint, module, options, run, word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowport.runtime.launchers.command import Options

PROCESSES = "nproc_per_node"


class Torchrun:
    """`current.torch`. `defaults` are the options of torchrun that describe the gang; `run` may be given others."""

    _call = "current.torch.run"

    def __init__(self, defaults: dict[str, Any]) -> None:
        self.torchrun_args = defaults

    def run(
        self,
        torchrun_args: Options = None,
        entrypoint: str | None = None,
        entrypoint_args: Options = None,
        nproc_per_node: int | None = None,
        **results: Any,
    ) -> None:
        """Run `entrypoint` with torchrun on this node, together with the other nodes; raises TorchrunException if it fails.

        `results` are arguments that the package of this decorator accepts and does nothing with.
        """
        own = _options(torchrun_args)
        if nproc_per_node is not None and PROCESSES in own:
            raise TorchrunException(f"`{self._call}` has `{PROCESSES}` twice: as an argument, and in `torchrun_args`")
        if nproc_per_node is not None:
            own[PROCESSES] = nproc_per_node
        run(self._command(own, entrypoint, entrypoint_args), TorchrunException)

    def _command(self, own: dict[str, Any], script: str | None, arguments: Options) -> list[str]:
        path = entrypoint(script, self._call, TorchrunException)
        used = {**self.torchrun_args, **own}
        if "master_addr" in used and "rdzv_endpoint" not in used:
            used["rdzv_endpoint"] = f"{used['master_addr']}:{used['master_port']}"
        return [*module("torchrun", "torch", "torch.distributed.run", TorchrunException), *options(used), path, *options(arguments)]


class TorchrunSingleNodeMultiGPU(Torchrun):
    """torchrun on the machine of one step: `TorchrunSingleNodeMultiGPU().run(entrypoint="train.py", nproc_per_node=4)`."""

    _call = "TorchrunSingleNodeMultiGPU().run"

    def __init__(self) -> None:
        super().__init__({PROCESSES: 1})


def _options(values: Options) -> dict[str, Any]:
    """The options of torchrun: from a dict, or from a list in which names and values take turns."""
    if values is None:
        return {}
    if hasattr(values, "items"):
        return dict(values)
    words = list(values)
    if len(words) % 2:
        raise TorchrunException(f"`torchrun_args` has a name without a value: `{word(words[-1])}`")
    return {str(name).lstrip("-"): value for name, value in zip(words[::2], words[1::2])}
