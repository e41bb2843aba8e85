"""What the tasks and templates of a workflow are called: a step's own name wherever that can be, with hyphens for underscores.

fall_back -> fall-back        größe -> gr-e-5f3c9a07        contains -> contains-step        _1 -> step-1

A pod has the name of its template in its own, and Kubernetes takes small letters there: Train is the task `Train` of the template `train`.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowport.compiler.lower.names import with_hash

ALLOWED = "A-Za-z0-9-"
LONGEST = 128
"""Characters of the name of a task or a template (Argo's CRD)."""

WORDS = frozenset(("contains", "endsWith", "false", "let", "matches", "nil", "startsWith", "true"))
"""What the language of `depends` (expr-lang, "Language Definition") takes for a word of its own, of all that Python takes for a name."""


class Names:
    """Gives every key one name that no other key of this kind has, all of them in small letters where `small` says so."""

    def __init__(self, taken: Iterable[str] = (), small: bool = False) -> None:
        self._names: dict[str, str] = {}
        self._taken, self._small = set(taken), small

    def __call__(self, key: str, text: str = "") -> str:
        """The name for `key`, made from `text` (the key itself unless given)."""
        if key not in self._names:
            self._names[key] = self._new(key, text or key)
            self._taken.add(self._names[key])
        return self._names[key]

    def _new(self, key: str, text: str) -> str:
        plain = (text.lower() if self._small else text).replace("_", "-").strip("-")
        plain = f"{plain}-step" if plain in WORDS else plain
        legal = plain.isascii() and plain.replace("-", "").isalnum() and len(plain) <= LONGEST
        name = self._word(plain if legal else with_hash(plain, key, ALLOWED, LONGEST))
        return name if name not in self._taken else self._word(with_hash(plain, f"{key} again", ALLOWED, LONGEST))

    def _word(self, name: str) -> str:
        """A name that begins like one: `depends` takes `1.Succeeded` for a number."""
        longer = name if name[0].isalpha() else f"step-{name}"
        return longer if len(longer) <= LONGEST else with_hash(longer, name, ALLOWED, LONGEST)
