"""Requests that follow no redirect: urllib would send an empty GET there, with the credentials of the request."""

from __future__ import annotations

from urllib.request import HTTPRedirectHandler, OpenerDirector, build_opener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Leave a redirect alone, so that it is an HTTPError."""


def direct_opener() -> OpenerDirector:
    """What opens addresses, with the proxies of the environment, and takes a redirect for an HTTPError."""
    return build_opener(_NoRedirects)
