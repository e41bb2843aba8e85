"""The document around the contents of a card."""

from __future__ import annotations

import re

from flowport.card_pages.style import STYLE
from flowport.card_pages.texts import escape

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for a card: nothing but the page itself. It runs no script, whatever stands in the page."""

SCROLLING = re.compile(r'<(pre\b|figure\b|div(?= class="(?:table|drawing|tree)\b))')
"""The elements that scroll. What users wrote is escaped, so this finds tags of flowport's only."""


def page(title: str, body: str) -> str:
    """A whole document. Whatever scrolls in it can be reached with the keyboard."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>"
    )
    reachable = SCROLLING.sub(r'<\1 tabindex="0"', body)
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n<main>\n{reachable}\n</main>\n</body>\n</html>\n'
