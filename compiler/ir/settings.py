"""What the decorators of a step ask for."""

from __future__ import annotations

from typing import TypeAlias

from flowport.compiler.record import record


@record
class Retry:
    """`@retry(times=3, minutes_between_retries=2)`"""

    times: int = 3
    minutes: float = 2


@record
class Catch:
    """`@catch(var=None, print_exception=True)`"""

    var: str | None = None
    print_exception: bool = True


@record
class Resources:
    """`@resources(cpu=1, memory=4096, gpu=0, disk=None, shared_memory=None)`; sizes in MiB."""

    cpu: float = 1
    memory: int = 4096
    gpu: int = 0
    disk: int | None = None
    shared_memory: int | None = None

    def beside(self, other: Resources) -> Resources:
        """What is enough for both."""
        return Resources(
            cpu=max(self.cpu, other.cpu),
            memory=max(self.memory, other.memory),
            gpu=max(self.gpu, other.gpu),
            disk=max(filter(None, (self.disk, other.disk)), default=None),
            shared_memory=max(filter(None, (self.shared_memory, other.shared_memory)), default=None),
        )


Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@record
class Kubernetes:
    """`@kubernetes(image=None, service_account=None, node_selector={}, ...)`: what a step's pod is and has beside resources.

    What is empty is the profile's business. A toleration has the fields of Kubernetes' own, `volumes` are persistent volume claims with the
    folders that they are mounted at.
    """

    image: str = ""
    service_account: str = ""
    node_selector: Pairs = ()
    tolerations: tuple[tuple[tuple[str, str | int], ...], ...] = ()
    labels: Pairs = ()
    secrets: tuple[str, ...] = ()
    volumes: Pairs = ()


@record
class Settings:
    """What the decorators of a step ask for; `timeout` is in seconds, `environment` in the order of the names."""

    retry: Retry | None = None
    catch: Catch | None = None
    timeout: int | None = None
    resources: Resources | None = None
    environment: Pairs = ()
    kubernetes: Kubernetes = Kubernetes()

    @property
    def granted(self) -> int:
        """How often an engine runs the step again: as `@retry` says, and once more for `@catch`."""
        return (self.retry.times if self.retry else 0) + (self.catch is not None)

    @property
    def minutes(self) -> float:
        """How long an engine waits before it does."""
        return self.retry.minutes if self.retry else 0
