"""Markdown as HTML, by markdown-it-py: no HTML of the text's own, links to the web alone, and no images from elsewhere."""

from __future__ import annotations

from functools import cache
from typing import Any

from flowport.card_pages.texts import clean, escape, note

MISSING = "the text is shown as it was written: `pip install 'flowport[cards]'` has what renders Markdown"


def markdown(source: str) -> str:
    """The HTML of a text in Markdown; without the library, the text itself and a line with what to install."""
    parser = _parser()
    if parser is None:
        return f'<pre class="plain">{escape(source)}</pre>{note(MISSING)}'
    rendered: str = parser.render(clean(source))
    return f'<div class="markdown">{rendered}</div>'


@cache
def _parser() -> Any:
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        return None
    parser = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable(["table", "strikethrough"])
    # A plain attribute: the parser asks this method of itself for every address.
    parser.validateLink = _is_link  # type: ignore[method-assign, assignment]
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    return parser


def _is_link(address: str) -> bool:
    """Whether an address may be the target of a link: a page of the web."""
    return address.lower().startswith(("http://", "https://"))


def _image(parser: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A page loads no image from elsewhere: it shows the text that stands for it, and a link."""
    token = tokens[index]
    return f'<a href="{escape(token.attrs["src"])}" rel="noopener noreferrer">{escape(token.content or token.attrs["src"])}</a>'


def _link(parser: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    return str(parser.renderToken(tokens, index, options, env))
