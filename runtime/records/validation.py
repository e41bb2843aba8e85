"""Validation of the documents of a run: a store may contain damaged documents, and documents that flowport did not write."""

from __future__ import annotations

from flowport.runtime.protocol import OLDEST_RECORDS, RECORDS, version_problem
from flowport.runtime.store.keys import Keys, is_sha
from flowport.runtime.text import brief, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = 255
"""Characters of the id of a run; what a store takes may be less."""

LAST_SECOND = 253_402_300_799
"""The end of the year 9999: the last time that can be shown."""

FIELDS: dict[str, tuple[type, ...]] = {
    "flow": (str,),
    "run": (str,),
    "code": (str,),
    "engine": (str, type(None)),
    "started": (int, float),
    "target": (str,),
    "steps": (list,),
    "origin": (str, type(None)),
    "tags": (list,),
    "parameters": (dict,),
}
"""What the document of a run says beside its version, `v`."""

OPTIONAL: dict[str, str | None] = {"input": "", "from": None, "system_tags": None, "scheduled_time": None, "triggers": None}
"""What it may say, and what counts where it does not. Runs of earlier versions have no system tags, and are in every namespace."""


LISTS = dict.fromkeys(("system_tags", "triggers"), (list, type(None)))
"""What of it are lists."""

SPIN = ("store", "run", "step", "item")
"""What it says of a spin: the item that runs again, and the store of its run."""

MANIFEST: dict[str, type | tuple[type, ...]] = {
    "nonce": str,
    "started": (int, float),
    "ended": (int, float),
    "epoch": int,
    "key": str,
    "digest": str,
    "code": str,
    "after": list,
    "arrived": list,
    "to": dict,
    "own": dict,
    "classes": list,
    "reads": dict,
}
"""What every manifest says."""

ATTEMPT: dict[str, type | tuple[type, ...]] = {
    "started": (int, float),
    "updated": (int, float),
    "last": bool,
    "digest": str,
    "key": str,
    "began": list,
    "done": list,
    "packs": list,
    "errors": dict,
}
"""What every document of an attempt says."""

ROWS = 100_000_000
"""Items of a slice: more than any task can run."""


def run_version_problem(document: dict[str, Any]) -> str:
    """Why this version of flowport does not read the document of a run; "" when it does, and when the document has no version."""
    return version_problem(document["v"], RECORDS, OLDEST_RECORDS) if type(document.get("v")) is int else ""


def run_problem(document: object, root: str = "") -> str:
    """Why this cannot be the document of a run, "" when it can; `root` is the folder that it was found in."""
    if not isinstance(document, dict):
        return "it is not a JSON object"
    if wrong := version_problem(document.get("v"), RECORDS, OLDEST_RECORDS):
        return wrong
    for name, kinds in {**FIELDS, **dict.fromkeys(OPTIONAL, (str, type(None))), **LISTS}.items():
        value = document.get(name, None if name in OPTIONAL else ...)
        if not isinstance(value, kinds) or isinstance(value, bool):
            return f"it has no `{name}`" if value is ... else f"its `{name}` is {brief(value)}"
    if not 0 <= document["started"] <= LAST_SECOND:
        return f"its `started` is {brief(document['started'])}, which is no time"
    if not is_sha(document["code"]):
        return f"its `code` is {brief(document['code'])}, and a code package is named by a SHA-256 in hex"
    if not document["steps"] or not all(isinstance(step, str) for step in document["steps"]):
        return f"its `steps` are {brief(document['steps'])}"
    for name in ("tags", "system_tags"):
        if not all(isinstance(tag, str) for tag in document.get(name) or []):
            return f"its `{name}` are {brief(document[name])}"
    if not all(map(_is_trigger, document.get("triggers") or [])):
        return f"its `triggers` are {brief(document['triggers'])}"
    if not all(map(_is_held, document["parameters"].values())):
        return f"its `parameters` are {brief(document['parameters'])}"
    configs = document.get("configs", {})
    if not isinstance(configs, dict) or not all(_is_held(held) and isinstance(held.get("name"), str) for held in configs.values()):
        return f"its `configs` are {brief(configs)}"
    spin = document.get("spin", {})
    if not isinstance(spin, dict) or not all(isinstance(spin.get(name), str) for name in (SPIN if spin else ())):
        return f"its `spin` is {brief(spin)}"
    if root and Keys(document["flow"], document["run"]).root != root:
        return f"it is the document of {shown(document['flow'])}/{shown(document['run'])}"
    return ""


def manifest_problem(document: object) -> str:
    """Why this cannot be a manifest, "" when it can; what its columns name is checked where it is read."""
    if not isinstance(document, dict):
        return "it is not a JSON object"
    if wrong := version_problem(document.get("v"), RECORDS, OLDEST_RECORDS):
        return wrong
    for name, kinds in MANIFEST.items():
        if not isinstance(document.get(name, ...), kinds):
            return f"its `{name}` is {brief(document[name])}" if name in document else f"it has no `{name}`"
    if not is_sha(document["code"]):
        return f"its `code` is {brief(document['code'])}, and a code package is named by a SHA-256 in hex"
    if not _are_ranges(document["arrived"]) or not all(map(_are_ranges, document["to"].values())):
        return "it does not say which items came and where they went"
    if wrong := _wrong_columns(document):
        return f"its `{wrong}` cannot be read"
    if not all(isinstance(link, list) and [type(part) for part in link] == [str, str, int, str] for link in document["after"]):
        return "it does not say what it was made from"
    if ("left" in document or "entry" in document) and not (_is_left(document.get("left")) and isinstance(document.get("entry"), str)):
        return "it does not say who left the loop"
    if "fan" in document and not _is_fan(document["fan"], sum([stop - start for start, stop in document["arrived"]])):
        return f"its `fan` is {brief(document['fan'])}"
    return ""


def _wrong_columns(document: dict[str, Any]) -> str:
    """The field with columns, or with rows of items, that is not as it must be; "" when all are."""
    if not _is_column(document["reads"]):
        return "reads"
    if not all(map(_is_column, document["own"].values())):
        return "own"
    for name in ("cards", "metrics"):
        columns = document.get(name, {})
        if not isinstance(columns, dict) or not all(map(_is_column, columns.values())):
            return name
    if not all(map(_is_class, document["classes"])):
        return "classes"
    if not _are_ranges(document.get("caught", [])):
        return "caught"
    taken = document.get("taken", [])
    return "" if isinstance(taken, list) and all(map(_is_taken, taken)) else "taken"


def _is_column(column: object) -> bool:
    """Whether this says where entries are, and of which rows."""
    if not (isinstance(column, dict) and is_sha(column.get("pack")) and is_sha(column.get("sha"))):
        return False
    numbers = [column.get(name) for name in ("at", "size", "n")]
    if not all(isinstance(number, int) and number >= 0 for number in numbers) or not _are_ranges(column.get("items")):
        return False
    return bool(sum([stop - start for start, stop in column["items"]]) == column["n"])


def _is_class(group: object) -> bool:
    """Whether this says what some rows inherit."""
    if not (isinstance(group, dict) and _are_ranges(group.get("items")) and isinstance(group.get("names"), dict)):
        return False
    return all(isinstance(held, list) and all(map(_is_inherited, held)) for held in group["names"].values())


def _is_inherited(held: object) -> bool:
    return isinstance(held, list) and len(held) == 2 and _is_column(held[0]) and isinstance(held[1], int) and held[1] >= 0


def _is_taken(taken: object) -> bool:
    return isinstance(taken, list) and len(taken) == 2 and isinstance(taken[0], str) and _are_ranges(taken[1])


def _is_left(left: object) -> bool:
    """Whether this says in which turn which rows left a loop, by target."""
    if not isinstance(left, dict) or not all(isinstance(turns, list) for turns in left.values()):
        return False
    turns = [turn for turns in left.values() for turn in turns]
    return all(isinstance(turn, list) and len(turn) == 2 and isinstance(turn[0], int) and _are_ranges(turn[1]) for turn in turns)


def attempt_problem(document: object) -> str:
    """Why this cannot be the document of an attempt, "" when it can."""
    if not isinstance(document, dict):
        return "it is not a JSON object"
    if wrong := version_problem(document.get("v"), RECORDS, OLDEST_RECORDS):
        return wrong
    for name, kinds in ATTEMPT.items():
        if not isinstance(document.get(name, ...), kinds):
            return f"it has no `{name}` that can be read"
    if not _are_ranges(document["began"]) or not all(
        isinstance(pack, list) and len(pack) == 2 and is_sha(pack[0]) for pack in document["packs"]
    ):
        return "it does not say which items began and where they are"
    if not all(row.isdecimal() and _is_failure(error) for row, error in document["errors"].items()):
        return "its `errors` cannot be read"
    return ""


def _is_failure(error: object) -> bool:
    return isinstance(error, dict) and all(isinstance(error.get(name), str) for name in ("type", "full", "message", "traceback", "item"))


def _are_ranges(value: object) -> bool:
    """Whether this is a set of rows as in `runtime/store/row_ranges`, of a possible size."""
    if not isinstance(value, list) or not all(isinstance(run, list) and len(run) == 2 for run in value):
        return False
    return all(isinstance(row, int) and -ROWS <= row <= ROWS for run in value for row in run)


def _is_fan(fan: object, items: int) -> bool:
    """Whether slices, items and their counts add up, for this many items that were split."""
    if not isinstance(fan, dict) or not all(isinstance(fan.get(name), int) for name in ("n", "g", "k", "share")):
        return False
    n, g, k, counts = fan["n"], fan["g"], fan["k"], fan.get("counts")
    if not 0 <= n <= ROWS or g < 1 or k != -(-n // g) or not _is_index(fan.get("values"), k) or not isinstance(counts, list):
        return False
    if not all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, int) and one >= 0 for one in pair) for pair in counts):
        return False
    return bool(sum([times for _, times in counts]) == items and sum([count * times for count, times in counts]) == n)


def _is_index(values: object, slices: int) -> bool:
    """Whether this says where the columns of the slices of a foreach are listed."""
    return isinstance(values, dict) and _is_column({**values, "n": 0, "items": []}) and values.get("k") == slices


def _is_trigger(found: Any) -> bool:
    names = {"run": ("flow", "run"), "event": ("name",)}.get(str(found.get("type")), ()) if isinstance(found, dict) else ()
    return bool(names) and all(isinstance(found.get(name), str) for name in names)


def _is_held(value: object) -> bool:
    """Whether a parameter's value stands there as JSON or as an entry in hex."""
    if not isinstance(value, dict):
        return False
    entry = value.get("entry", "")
    return "json" in value or (isinstance(entry, str) and bool(entry) and set(entry) <= set("0123456789abcdef") and len(entry) % 2 == 0)
