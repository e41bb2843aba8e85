"""What a target can do with a flow that is deployed: start runs, follow and stop them, list deployments, go back to one and remove it.

The settings say which deployment is meant: they have its name. How a flow is deployed is in `flowport.compiler.target`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol, TypeAlias, TypeVar

from flowport.compiler.changes import Changes
from flowport.compiler.ir import JSON
from flowport.compiler.record import field, record
from flowport.compiler.settings import TargetSettings

S_contra = TypeVar("S_contra", bound=TargetSettings, contravariant=True)

RunState: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]


@record
class EngineRun:
    """A run as its engine sees it.

    `state` is in flowport's words, and `status` in the engine's. `run` is its id at the engine, `address` where the engine shows it.
    `started` and `ended` are seconds since 1970. `reason` says why it failed, as far as the engine knows that.
    """

    run: str
    state: RunState
    status: str
    address: str
    started: float | None = None
    ended: float | None = None
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "stopped")


@record
class Version:
    """One deployment of a flow, of which the engine keeps several: `code` is the digest of its code package, "" if it is not known.

    `is_live` is that which new runs get. `created` is in seconds since 1970.
    """

    name: str
    created: float
    is_live: bool
    code: str = ""


@record
class Deployed:
    """A flow that is deployed: the engine's `name` for it, the flow's own and that of its profile, and `schedule`, as people read it."""

    name: str
    flow: str
    address: str
    version: str = ""
    schedule: str = ""


@record
class Start:
    """A run to start: its id at the engine, and its input, as `flowport.runtime.run.run_input` reads it."""

    run: str
    document: Mapping[str, JSON] = field(default_factory=dict)


class Operations(Protocol[S_contra]):
    """Controls what is deployed. Every method may raise DeployError or StoreError."""

    def trigger(self, settings: S_contra, start: Start) -> EngineRun:
        """Start a run of the deployed flow. A run that has this id and this input is given back as it is."""

    def status(self, settings: S_contra, run: str) -> EngineRun | None:
        """A run, by its id at the engine; None when the engine has none with it, or none any more."""

    def stop(self, settings: S_contra, run: str) -> EngineRun | None:
        """Stop a run and give it back as it is then; one that is over stays as it is. None when there is none."""

    def deployments(self, settings: S_contra) -> Iterator[Deployed]:
        """All flows that flowport has deployed to where the settings lead, in the order of their names."""

    def versions(self, settings: S_contra) -> tuple[Version, ...]:
        """The deployments of the flow that the engine still has, the newest first; none when it is not deployed."""

    def roll_back(self, settings: S_contra, version: str | None) -> Changes:
        """What makes an earlier version the live one: that with the name, or the one before the live one."""

    def delete(self, settings: S_contra) -> Changes:
        """What removes the deployment. The runs in the store, and the code, stay."""
