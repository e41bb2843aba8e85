"""What `@checkpoint`, `@model` and `@huggingface_hub` add to `current` while a step runs, and `@tensorboard` to the flow."""

from __future__ import annotations

from typing import NamedTuple

from flowport.runtime.checkpoints.place import withdraw
from flowport.runtime.names.current import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from flowport.runtime.checkpoints.place import Place


class ItemAccess(NamedTuple):
    """What the additions need of the item that runs."""

    place: Place
    origins: Iterable[str]
    """The runs that are resumed, the nearest first."""
    branch: str
    """What the ids of the runs of the flow's branch begin with; "" without a project."""
    artifact: Callable[[str], Any]
    reads: Callable[[], dict[str, Any]]
    """The marks of what the step has read so far."""
    parameters: Callable[[], dict[str, Any]]
    """The marks of all parameters."""
    unchanged: Callable[[dict[str, Any]], bool]
    """Whether what has these marks is still the same."""
    flow: Any
    """The `self` of the step."""


class Additions:
    """Adds what the decorators of a step bring, for one item; `remove` takes it away and removes temporary folders."""

    def __init__(self, item: ItemAccess) -> None:
        self.item = item
        self._cleanups: list[Callable[[], None]] = []

    def add(self, plan: dict[str, Any]) -> None:
        """Load what the decorators ask for."""
        item = self.item
        if (asked := plan.get("checkpoint")) is not None:
            self._checkpoint(asked)
        if (asked := plan.get("model")) is not None:
            from flowport.runtime.checkpoints.models import CurrentModel

            model = CurrentModel(item.place, asked["temp_dir_root"], asked["best_effort_load"])
            self._cleanups.append(model.loaded._cleanup)
            current._update_env({"model": model})
            for name, path in asked["load"]:
                model.loaded._take(name, item.artifact(name), path)
        if (asked := plan.get("huggingface_hub")) is not None:
            from flowport.runtime.checkpoints.hub import CurrentHub

            hub = CurrentHub(item.place, asked["cache_scope"], asked["temp_dir_root"], item.branch)
            self._cleanups.append(hub.loaded._cleanup)
            current._update_env({"huggingface_hub": hub})
            for repository, options, path in asked["load"]:
                hub._take(repository, options, path)
        if "tensorboard" in plan:
            from flowport.runtime.checkpoints.tensorboard import begin

            self._cleanups.append(begin(item.flow))

    def _checkpoint(self, asked: dict[str, Any]) -> None:
        from flowport.runtime.checkpoints import slots
        from flowport.runtime.checkpoints.checkpoint import CurrentCheckpoint, InStep, earlier

        item, place = self.item, self.item.place
        checkpoint = CurrentCheckpoint(asked["temp_dir_root"])
        self._cleanups.append(checkpoint.cleanup)
        InStep.place, InStep.reads = place, item.reads
        place.announce(item.parameters(), checkpoint.lock)
        current._update_env({"checkpoint": checkpoint})
        policy = asked["load_policy"]
        if policy == "none":
            return

        def fits(doc: dict[str, Any]) -> bool:
            return item.unchanged(doc.get("reads", {}))

        places = [place, *(place.of_run(run) for run in item.origins)]
        found = next(filter(None, (slots.newest(one, fits, checkpoint.directory) for one in places)), None)
        if found is None and policy == "eager":
            others = (place.of_run(run) for run in earlier(place))
            found = next(filter(None, (slots.newest(one, lambda doc: True, checkpoint.directory) for one in others)), None)
        checkpoint.begin_with(found)

    def remove(self) -> None:
        """The step is over."""
        if "checkpoint" in vars(current):
            from flowport.runtime.checkpoints.checkpoint import InStep

            InStep.place = None
            withdraw()
        for cleanup in self._cleanups:
            cleanup()
