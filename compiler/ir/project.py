"""The project that a flow belongs to, and the branch of it that a flow is compiled for or run in."""

from __future__ import annotations

import re

from flowport.compiler.ir.span import Span
from flowport.compiler.record import field, record

LONGEST = 128
"""Characters of the name of a project or a branch, as in Metaflow."""


@record
class Project:
    """`@project(name="demo", branch=..., production=...)`.

    `branch` and `production` are None where neither the decorator nor the one who compiles says anything. `user` is who runs the flow on
    this machine, and "" in compiled files, which do not depend on who compiles them.
    """

    name: str
    branch: str | None = None
    production: bool | None = None
    user: str = ""
    span: Span | None = field(default=None, compare=False)

    @property
    def is_production(self) -> bool:
        """Whether this is a production branch."""
        return bool(self.production)

    @property
    def is_user_branch(self) -> bool:
        """Whether nobody has chosen a branch, so that it is that of the user."""
        return self.branch is None and not self.production

    @property
    def branch_name(self) -> str:
        """The whole name of the branch: `prod`, `prod.NAME`, `test.NAME` or `user.NAME`; `user` in compiled files."""
        kind = "user" if self.is_user_branch else "prod" if self.production else "test"
        name = self.user if self.is_user_branch else self.branch
        return f"{kind}.{name}" if name else kind


def name_problem(name: str) -> str:
    """What is wrong with the name of a project or a branch, "" if nothing is; the rules are Metaflow's."""
    if not name:
        return "is empty"
    if re.search("[^a-z0-9_]", name):
        return "has other characters than small letters, digits and underscores"
    return f"has {len(name)} characters, and the most are {LONGEST}" if len(name) > LONGEST else ""


def name_like(name: str) -> str:
    """A name that a project or a branch can have, made of one that it cannot have: `feature/ABC-1` -> `feature_abc_1`."""
    return re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST] or "main"
