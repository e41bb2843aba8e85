"""Values that only a task knows: secrets, by reference, and texts that it reads from its environment.

@environment(vars={"URL": f"https://{os.environ['HOST']}/"})    ("https://", Read("HOST"), "/")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from flowport.compiler.ir.values import JSON
from flowport.compiler.record import record


@record
class Read:
    """A variable that a task reads from its environment.

    Where it is not set, `default` stands for it; without one, None, the task fails. With `or_empty` the default also stands for a variable
    that is set to an empty text.
    """

    name: str
    default: Template | None = None
    or_empty: bool = False


Template: TypeAlias = "tuple[str | Read, ...]"
"""A text that contains what is read, part after part."""

Forwards: TypeAlias = "tuple[tuple[str, Template], ...]"
"""Variables of a step, by name."""


def reads(template: Template) -> Iterator[Read]:
    """Every read of a template, those in defaults included."""
    for part in template:
        if isinstance(part, Read):
            yield part
            yield from reads(part.default or ())


def read_names(forwards: Iterable[tuple[str, Template]]) -> dict[str, bool]:
    """The variables that are read, sorted by name, and whether a read of one has no default."""
    every = sorted((read.name, read.default is None) for _, template in forwards for read in reads(template))
    return dict(every)


@record
class Secret:
    """One entry of `sources` of `@secrets`; `type` is "" where a profile decides. `options` are those of Metaflow, sorted by name."""

    id: str
    type: str = ""
    role: str = ""
    options: tuple[tuple[str, JSON], ...] = ()

    @property
    def name(self) -> str:
        """How the flow and a profile name it."""
        return f"{self.type}.{self.id}" if self.type else self.id


@record
class Secrets:
    """`@secrets(sources=[...], role=None, allow_override=False)`"""

    sources: tuple[Secret, ...] = ()
    allow_override: bool = False


@record
class EngineSecret:
    """A secret that the engine itself puts into the container.

    Of Kubernetes: `name` is a secret, and `key` one of its keys, "" for all. Of AWS Batch: `name` is the ARN of a secret or a parameter.
    It becomes the variable `variable`, "" where each key is one.
    """

    kind: str
    name: str
    key: str = ""
    variable: str = ""


@record
class Delivery:
    """What an engine sets for a step because of a profile.

    `variables` have their values, `engine` has the engine's own secrets, and `fetched` are secrets that the task fetches itself.
    """

    variables: tuple[tuple[str, str], ...] = ()
    engine: tuple[EngineSecret, ...] = ()
    fetched: tuple[Secret, ...] = ()

    def beside(self, other: Delivery) -> Delivery:
        """What two steps in one container need."""
        return Delivery(
            tuple(sorted({**dict(self.variables), **dict(other.variables)}.items())),
            tuple(dict.fromkeys((*self.engine, *other.engine))),
            (*self.fetched, *(each for each in other.fetched if each not in self.fetched)),
        )


@record
class Reference:
    """Where a profile says that a secret is. `kind` is an engine, `container`, or a type of Metaflow; `key` is one of its entries."""

    kind: str
    name: str = ""
    key: str = ""


@record
class Provisions:
    """What a profile says of variables and secrets.

    `values`, `references` and `container` are the entries of `[environment]`: texts, secrets, and names that the container has. `secrets`
    says where the secrets of the flow are, and `type`, `role` and `prefix` are for those that do not say it themselves.
    """

    values: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[str, Reference], ...] = ()
    container: tuple[str, ...] = ()
    secrets: tuple[tuple[str, Reference], ...] = ()
    type: str = ""
    role: str = ""
    prefix: str = ""
