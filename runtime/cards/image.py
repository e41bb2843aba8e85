"""`Image`: a picture from bytes, a data address, Pillow or matplotlib. It is part of the card, which loads nothing from elsewhere."""

from __future__ import annotations

from flowport.runtime.cards.component import UserComponent, error
from flowport.runtime.names.exceptions import TimeoutException
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FAILED = "[IMAGE_RENDER FAIL]"
"""How Metaflow begins the headline of an image that cannot be shown."""

FORMATS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))
"""The first bytes of the formats that all browsers show; WebP has its length in between."""


class Image(UserComponent):
    """An image: the bytes of a PNG, JPEG, GIF or WebP file, or a text `data:image/...`. `disable_updates` forbids `update`."""

    REALTIME_UPDATABLE = True

    def __init__(self, src: bytes | str | None = None, label: str | None = None, disable_updates: bool = True) -> None:
        if disable_updates:
            self.REALTIME_UPDATABLE = False
        self._set(src, label)

    @classmethod
    def from_pil_image(cls, pilimage: Any, label: str | None = None, disable_updates: bool = False) -> Image:
        """An image of Pillow, stored as PNG."""
        return cls._made(_of_pillow, pilimage, label, disable_updates)

    @classmethod
    def from_matplotlib(cls, plot: Any, label: str | None = None, disable_updates: bool = False) -> Image:
        """A figure of matplotlib, or whatever has one, such as an `Axes`; the figure is closed."""
        return cls._made(_of_matplotlib, plot, label, disable_updates)

    @classmethod
    def _made(cls, convert: Any, source: Any, label: str | None, disable_updates: bool) -> Image:
        made = cls(b"", label, disable_updates)
        made._convert(convert, source, label)
        return made

    def update(self, image: Any = None, label: str | None = None, **named: Any) -> None:
        """Show another image: of Pillow or matplotlib, bytes, or a data address."""
        if not self.REALTIME_UPDATABLE:
            self._warn("this `Image` does not change: make it with `disable_updates=False`")
            return
        label = self._label if label is None else label
        kind = type_name(image)
        if isinstance(image, (bytes, str)) or image is None:
            self._set(image, label)
        elif kind.startswith("PIL."):
            self._convert(_of_pillow, image, label)
        else:
            self._convert(_of_matplotlib, image, label)

    def _convert(self, convert: Any, source: Any, label: str | None) -> None:
        try:
            self._set(convert(source), label)
        except TimeoutException:
            raise  # of the step, or of the card
        except Exception as failed:  # whatever another library raises
            self._fail(str(failed), "" if isinstance(failed, TypeError) else f"{type(failed).__name__}: {failed}")

    def _set(self, src: Any, label: str | None) -> None:
        self._label, self._src = label, ""
        self._error: dict[str, Any] | None = None
        if src is None:
            self._fail("`Image` Component `src` cannot be `None`", "")
        elif isinstance(src, str):
            if src.startswith("data:image/"):
                self._src = src
            else:
                self._fail(_EXPECTED, f"String {src[:200]} is invalid base64 string")
        elif not isinstance(src, (bytes, bytearray, memoryview)):
            self._fail(_EXPECTED, f"Type of {type(src)} is invalid")
        elif kind := image_format(bytes(src)):
            from binascii import b2a_base64

            self._src = f"data:image/{kind};base64,{b2a_base64(bytes(src), newline=False).decode()}"
        else:
            self._fail("Bytes not parsable as image", "PNG, JPEG, GIF and WebP can be shown")

    def _fail(self, headline: str, text: str) -> None:
        self._error = error(f"{FAILED}: {headline}", text)

    def render(self) -> dict[str, Any]:
        if self._error is not None:
            return self._error
        return {"type": "image", "src": self._src, "label": None if self._label is None else str(self._label)}


_EXPECTED = "The `Image` `src` argument should be of type `bytes` or valid image base64 string"


def image_format(data: bytes) -> str:
    """The format of an image by its first bytes; "" for what browsers do not show."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((kind for magic, kind in FORMATS if data.startswith(magic)), "")


def _of_pillow(image: Any) -> bytes:
    if not hasattr(image, "save") or not type_name(image).startswith("PIL."):
        raise TypeError(f"first argument for `Image` should be of type PIL.Image.Image, not {type(image)}")
    from io import BytesIO

    sink = BytesIO()
    image.save(sink, format="PNG")
    return sink.getvalue()


def _of_matplotlib(plot: Any) -> bytes:
    figure = plot if hasattr(plot, "savefig") else plot.get_figure() if hasattr(plot, "get_figure") else None
    if figure is None:
        raise TypeError(f"Invalid Type. Object {type(plot)} is not from `matplotlib`")
    from io import BytesIO

    sink = BytesIO()
    figure.savefig(sink, format="PNG", bbox_inches="tight", dpi=150, metadata={"Software": None})
    import sys

    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close(figure)
    return sink.getvalue()
