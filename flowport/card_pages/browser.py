"""Shows a page: in a browser, from a file that stays, or in a frame of a notebook."""

from __future__ import annotations

import os
import tempfile
import webbrowser

from flowport.card_pages.texts import escape


def open_page(page: str) -> tuple[bool, str]:
    """Open a page in the browser; whether there is one, and the path of its file."""
    number, path = tempfile.mkstemp(prefix="flowport-card-", suffix=".html")
    with open(number, "wb") as file:
        file.write(page.encode("utf-8", "backslashreplace"))
    return webbrowser.open(f"file://{os.path.abspath(path)}"), path


def frame(page: str) -> str:
    """A frame with a page, for a notebook. A page of the user's own may run its scripts there, apart from the notebook."""
    return f'<iframe style="width:100%;height:40rem;border:0" sandbox="allow-scripts" srcdoc="{escape(page)}"></iframe>'
