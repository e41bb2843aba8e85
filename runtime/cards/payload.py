"""What is stored of a card: a line of JSON, and behind it the bytes of its images.

    {"v":1,"type":"blank","id":"loss","options":{},"components":[{"type":"image","image":0,...}],"images":[["png",1820]]}
    <1820 bytes>

A card that was rendered in the task has `html` or `error` instead of `components`.
"""

from __future__ import annotations

from flowport.runtime.protocol import version_problem
from flowport.runtime.store import documents
from flowport.runtime.store.errors import Corrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

VERSION = 1
"""The version of this form."""

DATA = "data:image/"


def names_of(specs: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of a step's cards, by which their data are stored: the type, and the id behind it; equal ones are numbered."""
    found: list[str] = []
    for spec in specs:
        name = f"{spec['type']}/{spec['id']}" if spec.get("id") else str(spec["type"])
        number = 2
        while name in found:
            name, number = f"{name.rpartition('#')[0] or name}#{number}", number + 1
        found.append(name)
    return found


def pack(card: Mapping[str, Any]) -> bytes:
    """The stored form of a card."""
    images: list[tuple[str, bytes]] = []
    components = [_without_images(one, images) for one in card.get("components", ())]
    found = {**card, "components": components, "images": [[kind, len(data)] for kind, data in images]}
    # What is empty is left out: a foreach may have millions of cards.
    head = {"v": VERSION, **{name: value for name, value in found.items() if value not in (None, [], {})}}
    return b"".join([documents.dump(head), b"\n", *(data for _, data in images)])


def unpack(data: bytes) -> dict[str, Any]:
    """The card of a stored form; raises Corrupt."""
    line, _, rest = data.partition(b"\n")
    try:
        card: dict[str, Any] = documents.load(line)
        if not isinstance(card, dict):
            raise ValueError("it is not a JSON object")
        if wrong := version_problem(card.get("v"), VERSION, VERSION):
            raise ValueError(wrong)
        images, at = [], 0
        for kind, size in card.pop("images", ()):
            images.append((str(kind), rest[at : at + size]))
            at += size
        card["components"] = [_with_images(one, images) for one in card.get("components", ())]
        del card["v"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Corrupt(f"a card cannot be read: {error}") from None
    return card


def pack_all(cards: Mapping[str, bytes]) -> bytes:
    """The cards of an item in one document: their names and sizes, and the stored form of each."""
    return b"".join([documents.dump([[name, len(data)] for name, data in cards.items()]), b"\n", *cards.values()])


def unpack_all(data: bytes) -> dict[str, bytes]:
    """The stored forms of the cards of an item by name; raises Corrupt."""
    line, _, rest = data.partition(b"\n")
    found, at = {}, 0
    try:
        for name, size in documents.load(line):
            found[str(name)] = rest[at : at + size]
            at += size
    except (ValueError, TypeError) as error:
        raise Corrupt(f"the cards of a task cannot be read: {error}") from None
    return found


def _without_images(part: Any, images: list[tuple[str, bytes]]) -> Any:
    """A component with the numbers of its images instead of their data."""
    if isinstance(part, dict):
        source = part.get("src")
        if part.get("type") == "image" and isinstance(source, str) and (image := _decoded(source)):
            if image not in images:
                images.append(image)
            return {**{name: one for name, one in part.items() if name != "src"}, "image": images.index(image)}
        return {name: _without_images(one, images) for name, one in part.items()}
    return [_without_images(one, images) for one in part] if isinstance(part, (list, tuple)) else part


def _decoded(source: str) -> tuple[str, bytes] | None:
    """The kind and the bytes of an image in a data address; None where it has another form."""
    head, comma, text = source.partition(",")
    if not comma or not head.startswith(DATA) or not head.endswith(";base64"):
        return None
    from binascii import Error, a2b_base64

    try:
        return head[len(DATA) : -len(";base64")], a2b_base64(text.strip())
    except (Error, ValueError):
        return None


def _with_images(part: Any, images: list[tuple[str, bytes]]) -> Any:
    if isinstance(part, dict):
        if part.get("type") == "image" and isinstance(part.get("image"), int):
            from binascii import b2a_base64

            kind, data = images[part["image"]]
            source = f"{DATA}{kind};base64,{b2a_base64(data, newline=False).decode()}"
            return {**{name: one for name, one in part.items() if name != "image"}, "src": source}
        return {name: _with_images(one, images) for name, one in part.items()}
    return [_with_images(one, images) for one in part] if isinstance(part, list) else part
