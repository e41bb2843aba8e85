"""The blobs that documents refer to: those of a run, and of models that runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowport.runtime.checkpoints import trees
from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.records import validation
from flowport.runtime.records.attempts import document_of, outcomes, written
from flowport.runtime.run.run_input import STORED_INPUT
from flowport.runtime.store import codec, documents, packs
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import ATTEMPT, Keys, flow_folder
from flowport.workspace.why.plain import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flowport.runtime.store.interface import Store

SPAN = 1 << 26
"""Bytes of a pack that are read at once."""

CACHES = ("hub-cache/", "ollama-models/")
"""The folders of the documents of models that runs share, in that of a flow or of the store."""


class Unreadable(Exception):
    """A document that may refer to blobs cannot be read."""


def of_record(record: dict[str, Any]) -> Iterator[str]:
    """The blobs that the document of a run refers to."""
    for held in (*record["parameters"].values(), *record.get("configs", {}).values()):
        yield from _referred([bytes.fromhex(held.get("entry", ""))])
    if reference := record.get(STORED_INPUT):
        yield reference.partition(":")[0]


def of_run(store: Store, keys: Keys) -> set[str]:
    """The blobs that all other documents of a run refer to; raises Unreadable."""
    found: set[str] = set()
    for entry in store.entries(keys.root):
        if reader := _reader(keys, entry.key):
            try:
                found.update(reader(store, entry.key))
            except Missing:
                continue  # another collection has deleted it
            except (Corrupt, LoadingException) as error:
                raise Unreadable(str(error)) from None
    return found


def of_caches(store: Store, flows: Iterable[str]) -> set[str]:
    """The blobs of the models that runs share; raises Unreadable."""
    found: set[str] = set()
    for folder in ("", *map(flow_folder, flows)):
        for cache in CACHES:
            for entry in store.entries(folder + cache):
                try:
                    found.update(trees.blobs(store, entry.key))
                except (Missing, LoadingException) as error:
                    raise Unreadable(str(error)) from None
    return found


def _reader(keys: Keys, key: str) -> Callable[[Store, str], Iterable[str]] | None:
    """What reads a document of a run, None for one that refers to no blob."""
    folder, *rest = key[len(keys.root) :].split("/")
    if folder == "step-models":
        return trees.blobs
    if folder != "steps" or len(rest) < 2:
        return None
    if len(rest) == 2 and rest[1].endswith(".json") and not rest[1].endswith((".route.json", ".rest.json")):
        return _of_manifest
    return _of_attempt if len(rest) == 3 and rest[1].endswith(ATTEMPT) and written(key) >= (0, 0) else None


def _of_manifest(store: Store, key: str) -> Iterator[str]:
    try:
        doc = documents.load(store.read(key))
    except ValueError:
        raise Corrupt(f"`{key}` in {store.url} is damaged: it is not JSON") from None
    if wrong := validation.manifest_problem(doc):
        raise Corrupt(f"`{key}` in {store.url} cannot be read: {wrong}")
    plain = [doc["reads"], *doc.get("metrics", {}).values()]
    valued = [*doc["own"].values(), *doc.get("cards", {}).values()]
    if "fan" in doc:
        plain.append(doc["fan"]["values"])
        valued += _inner(store, doc["fan"]["values"])
    inherited = [column for group in doc["classes"] for held in group["names"].values() for column, _ in held]
    yield from {column["pack"] for column in (*plain, *valued, *inherited)}
    yield from _in_columns(store, valued)


def _inner(store: Store, index: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns with the values of a foreach; none if their pack is gone."""
    if not index["k"]:
        return []
    try:
        source = packs.around(store, [index], SPAN)
        return [packs.indexed(source, index, number) for number in range(index["k"])]
    except (Missing, Corrupt):
        return []


def _in_columns(store: Store, columns: list[dict[str, Any]]) -> Iterator[str]:
    """The blobs of values that are too large for their columns. A column that is gone or damaged leads nobody to them."""
    wide = [column for column in columns if column["size"] > codec.REFERENCE]
    try:
        source = packs.around(store, wide, SPAN) if wide else store
    except (Missing, Corrupt):
        return
    for column in wide:
        try:
            yield from _referred(packs.entries(source, column))
        except (Missing, Corrupt):
            continue


def _of_attempt(store: Store, key: str) -> Iterator[str]:
    doc = document_of(store, key)
    yield from (sha for sha, _ in doc["packs"])
    for outcome in outcomes(store, doc, loads).values():
        yield from _referred([*outcome["own"].values(), *outcome.get("cards", {}).values(), *(outcome.get("values") or ())])


def _referred(entries: Iterable[bytes]) -> Iterator[str]:
    return (codec.reference(entry)[0] for entry in entries if codec.is_reference(entry))
