"""Who may see the page, and what it may load."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.pages import client


@pytest.mark.parametrize("host", ["localhost", "localhost:8265", "127.0.0.1:1", "[::1]:8265", "[::1]"])
def test_a_browser_on_this_machine_sees_the_page(tmp_path: Path, host: str) -> None:
    assert client(tmp_path).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example:80", "127.0.0.1.elsewhere.example", ""])
def test_a_name_of_somebody_else_is_refused(tmp_path: Path, host: str) -> None:
    """A page of theirs could have its name lead to this machine, and read the answer."""
    assert client(tmp_path).get("/", headers={"host": host}).status_code == 403


def test_a_token_is_asked_for_once_and_leaves_the_address(tmp_path: Path) -> None:
    page = client(tmp_path, token="secret-1")
    page.follow_redirects = False
    assert page.get("/", headers={"host": "build.example"}).status_code == 401
    assert page.get("/?token=wrong").status_code == 401
    assert page.get("/static/page.css").status_code == 401
    answer = page.get("/?flow=A+B&token=secret-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?flow=A+B")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert page.get("/?flow=A+B").status_code == 200
    page.cookies.clear()
    assert page.get("/", headers={"cookie": "flowport-token=wrong"}).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_page_changes_nothing(tmp_path: Path, method: str) -> None:
    assert client(tmp_path).request(method, "/").status_code == 405


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/page.css", "/run/A/1"])
def test_nothing_is_loaded_from_outside_and_nothing_is_kept(tmp_path: Path, path: str) -> None:
    answer = client(tmp_path).get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "http://" not in answer.text.replace("http://www.w3.org/", "")
    assert "https://" not in answer.text


def test_no_file_beside_the_page_is_served(tmp_path: Path) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2fapp.py"):
        assert client(tmp_path).get(path).status_code == 404
