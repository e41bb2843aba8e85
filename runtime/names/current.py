"""`current`: the running task and its run."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from flowport.runtime.store.interface import Store

PROJECT = ("project_name", "branch_name", "is_user_branch", "is_production", "project_flow_name")
"""What there is in a task of a flow with `@project`."""

ADDED = ("checkpoint", "model", "huggingface_hub", "vllm", "nim")
"""What the decorators of these names add, in the steps that have them."""


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
    """`current.card` of a step without `@card`: takes everything, and shows nothing. `current.card["id"]` is the same card."""

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


def username() -> str | None:
    """Who the environment says that we are; None for root and for nobody."""
    found = (os.environ.get(name) for name in ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER"))
    return next((name for name in found if name and name != "root"), None)


class Current:
    """What runs now: `from flowport import current`. Outside a task what belongs to the task is None, as in Metaflow.

    `tags`, `parameters`, `parameter_names` and `graph` exist in a task only. `retry_count` is the number of this item's attempt, from 0.
    `resources` is what `@resources`, `@batch` and `@kubernetes` ask for, such as `{"cpu": 2, "memory": 4096, "gpu": 0}`, sizes in MiB.
    """

    flow_name: str | None = None
    run_id: str | None = None
    origin_run_id: str | None = None
    step_name: str | None = None
    retry_count: int | None = None
    script_name: str | None = None
    parameters: Parameters
    tags: set[str]
    resources: dict[str, Any]
    is_running_flow = False
    _cards: Callable[[], Any] | None = None
    _metrics: Callable[[], Any] | None = None
    _logs_artifact: Callable[[str], None] | None = None
    _scheduled_time: str | None = None
    _triggers: Sequence[dict[str, Any]] = ()
    _store: Store | None = None
    """The store of the run."""
    _branch = ""
    """What the ids of runs of the flow's branch begin with."""
    _namespace: str | None = None
    _address: Callable[[], str] | None = None
    _graph: Callable[[], dict[str, Any]] | None = None
    _configs: Sequence[str] = ()
    _project: Callable[[str], Any] | None = None
    _has_gangs = False

    def __getattr__(self, name: str) -> Any:
        """The node of a gang, in a flow that has one; and what belongs to the flow's project.

        A step that reads the latter runs again where a resumed run is on another branch.
        """
        if name == "parallel" and self._has_gangs:
            return _node()
        if name in ADDED and self.step_name is not None:
            raise AttributeError(f"step `{self.step_name}` has no `@{name}`, which adds `current.{name}`: put it above the step")
        if self._project is None or name not in PROJECT:
            raise AttributeError(f"`current` has no attribute `{name}`")
        return self._project(name)

    @property
    def card(self) -> Any:
        """The cards of the step, which are made when they are first asked for. Without `@card`, what is added is shown nowhere."""
        found = vars(self).get("card")
        if found is None:
            found = vars(self)["card"] = self._cards() if self._cards else Card()
        return found

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Store a value of a metric of this item, such as an accuracy, at a `step`: by default the one after the last that was stored."""
        self._metric_log().log(name, value, step)

    def log_metrics(self, values: dict[str, float], step: int | None = None) -> None:
        """Store a value of each of several metrics at the same step."""
        self._metric_log().log_all(values, step)

    def log_artifact(self, name: str) -> None:
        """Name an artifact that is worth keeping elsewhere too: MLflow gets the value that it has when the step is over."""
        if self._logs_artifact is None:
            raise RuntimeError("`current.log_artifact` names an artifact of a step that runs: call it in a step")
        self._logs_artifact(name)

    def _metric_log(self) -> Any:
        if self._metrics is None:
            raise RuntimeError("`current.log_metric` stores a metric of a step that runs: call it in a step")
        return self._metrics()

    @property
    def parameter_names(self) -> list[str]:
        """The names of the flow's parameters, and of its configs."""
        return [*(name for name, _ in self.parameters), *self._configs]

    @property
    def username(self) -> str | None:
        """Who runs the task, as Metaflow finds it: from the environment, and never root."""
        return username()

    user = username

    @property
    def namespace(self) -> str | None:
        """Metaflow's name for what the user runs, `user:NAME`, None without a user name; in a task the namespace of its run."""
        if self._namespace is not None:
            return self._namespace
        return f"user:{self.username}" if self.username else None

    @property
    def task_id(self) -> str | None:
        """The address of the item, such as `r.3`. It is computed on access."""
        return self._address() if self._address else None

    @property
    def pathspec(self) -> str | None:
        """`Flow/run/step/task`."""
        return f"{self.flow_name}/{self.run_id}/{self.step_name}/{self.task_id}" if self._address else None

    @property
    def attempt(self) -> int | None:
        """The number of this item's attempt, from 0: another name of `retry_count`."""
        return self.retry_count

    @property
    def run(self) -> Any:
        """The running run, as the client's `Run`."""
        return _client("Run")(f"{self.flow_name}/{self.run_id}", _namespace_check=False) if self.run_id else None

    @property
    def task(self) -> Any:
        """The running task, as the client's `Task`."""
        return _client("Task")(self.pathspec, _namespace_check=False) if self._address else None

    @property
    def parent_task_pathspecs(self) -> list[str]:
        """The pathspecs of the tasks that lead to this one."""
        return [*self.task.parent_task_pathspecs] if self._address else []

    @property
    def scheduled_time(self) -> datetime | None:
        """The time in UTC for which a schedule started the run, however late it began; None for a run that no schedule started.

        A resumed run has that of its origin.
        """
        if self._scheduled_time is None:
            return None
        from datetime import datetime

        return datetime.fromisoformat(self._scheduled_time)

    @property
    def trigger(self) -> Any:
        """The runs and events that started the run, as a `Trigger`; None for a run that neither started.

        `current.trigger.run.data` has the artifacts of the run that started this one. A resumed run has the trigger of its origin.
        """
        if not self._triggers:
            return None
        from flowport.runtime.names.trigger import Trigger

        return Trigger(self._triggers)

    @property
    def graph(self) -> dict[str, Any]:
        """The graph of the flow, in the form of Metaflow's: `graph["steps"]["start"]["next"]`."""
        if self._graph is None:
            raise RuntimeError("the graph is available while a task runs")
        return self._graph()

    @property
    def tempdir(self) -> str:
        """The folder in memory that `@batch` or `@kubernetes` asks for, or the folder for temporary files."""
        return os.environ.get("FLOWPORT_TEMPDIR") or os.environ.get("METAFLOW_TEMPDIR", ".")

    def get(self, name: str, default: Any = None) -> Any:
        """The value called `name`, or `default` where there is none."""
        return getattr(self, name, default)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def _update_env(self, values: dict[str, Any]) -> None:
        """Set further attributes for this task, as decorators from packages do."""
        vars(self).update(values)

    def _begin(self, values: dict[str, Any]) -> None:
        """Set all attributes for one item; what was set for the one before is gone."""
        vars(self).clear()
        vars(self).update(values)


def __getattr__(name: str) -> Any:
    """`Parallel`, the type of `current.parallel`, which few tasks use."""
    if name != "Parallel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from collections import namedtuple

    return globals().setdefault(name, namedtuple(name, ("main_ip", "num_nodes", "node_index", "control_task_id"), module=__name__))


def _node() -> Any:
    """Which node of a gang this process is, from the variables that it was started with; outside of a gang one that is alone."""
    return __getattr__("Parallel")(
        os.environ.get("MF_PARALLEL_MAIN_IP", "127.0.0.1"),
        int(os.environ.get("MF_PARALLEL_NUM_NODES", "1")),
        int(os.environ.get("MF_PARALLEL_NODE_INDEX", "0")),
        os.environ.get("MF_PARALLEL_CONTROL_TASK_ID"),
    )


def _client(name: str) -> Any:
    from flowport.runtime.names import exports

    return exports.load(name)


current = Current()
