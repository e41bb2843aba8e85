"""`flowport ui`: a page that shows the runs of a store, in a browser."""

from __future__ import annotations

import secrets
import sys
import webbrowser
from typing import TYPE_CHECKING, NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Command
from flowport.cli.loading import store_to_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

PORT = 8265
ANYWHERE = ("0.0.0.0", "::")
"""Addresses to listen on that nobody can open: others use the name of this machine."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class PageRequest(NamedTuple):
    """A store to show, and where to listen; `port` is None for the usual one, or another if that is taken."""

    host: str
    port: int | None
    token: str | None
    open: bool
    store: str | None
    target: str | None
    profile: str | None


def ui(request: PageRequest) -> int:
    """Serve the page until it is interrupted."""
    store = store_to_read(request.store, request.target, request.profile)
    try:
        from flowport.ui.app import PageSettings
        from flowport.ui.server import listen, serve
    except ImportError as error:
        raise WrongUse(f"the page needs `{error.name}`, which is not installed", "pip install 'flowport[ui]'") from None
    try:
        at = _listening(listen, request)
    except (OSError, OverflowError) as error:
        raise WrongUse(f"the page cannot listen on {request.host}, port {request.port or PORT}: {error}", "--port 0") from None
    token = request.token or ("" if request.host in LOOPBACK else secrets.token_urlsafe(24))
    from socket import gethostname

    named = gethostname() if request.host in ANYWHERE else request.host
    host = f"[{named}]" if ":" in named else named
    address = f"http://{host}:{at.getsockname()[1]}/" + (f"?token={token}" if token else "")

    def ready() -> None:
        print(f"{store.url}\n{address}", flush=True)
        print("Press Ctrl-C to end.", file=sys.stderr)
        if request.open:
            webbrowser.open(address)

    try:
        serve(PageSettings(store, request.store or "", token), at, ready)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 0


def _listening(listen: Callable[[str, int], socket], request: PageRequest) -> socket:
    """The socket of the page: at the port that is asked for, or at the usual one, or at a free one where that is taken."""
    if request.port is not None:
        return listen(request.host, request.port)
    try:
        return listen(request.host, PORT)
    except OSError:
        return listen(request.host, 0)


COMMAND = Command(
    "ui",
    "Show runs in a browser",
    PageRequest,
    ui,
    (
        click.Option(
            ["--host"],
            metavar="ADDRESS",
            default="127.0.0.1",
            help="Where to listen. Any other address than that of this machine alone needs a token, which the printed address has.",
        ),
        click.Option(["--port"], metavar="NUMBER", type=int, help=f"The port; 0 is any free one. Default: {PORT}, or a free one."),
        click.Option(
            ["--token"],
            metavar="TEXT",
            envvar="FLOWPORT_UI_TOKEN",
            help="Show the page only to those who know this. Default: a new one, unless the page listens to this machine alone.",
        ),
        click.Option(["--open/--no-open"], default=True, help="Open the page in a browser."),
        *shared.store_to_read(),
    ),
    help="The page is read-only, and reads the store alone: runs of all engines are in it.",
    examples=("flowport ui", "flowport ui --target sfn --profile prod --no-open"),
)
