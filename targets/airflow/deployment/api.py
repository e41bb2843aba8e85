"""Airflow's REST API: `/api/v1` of Airflow 2.10 and later, `/api/v2` of Airflow 3, by the standard library.

The credentials are in the environment only. They are in no message, and a redirect to somewhere else never gets them.
"""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request

from flowport.compiler.changes import DeployError
from flowport.runtime.redirects import direct_opener
from flowport.targets.airflow.settings import api_problem

TOKEN, USER, PASSWORD = "AIRFLOW_API_TOKEN", "AIRFLOW_API_USER", "AIRFLOW_API_PASSWORD"
CREDENTIALS = f"{TOKEN}, or {USER} and {PASSWORD}"
OLDEST = (2, 10)
PATIENCE = 60
"""Seconds without a byte, after which no answer is expected any more."""

PAGE = 100
"""Objects of a page; Airflow gives no more, unless its administrator allows it (`maximum_page_limit`)."""

WHERE = "`api` under [airflow] in flowport.toml is the address of its web server, without `/api/v1` or `/api/v2`"


class Refused(DeployError):
    """Airflow answered with an error; `status` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    """An answer: `document` is None if it is not a JSON object. `place` is where a redirect leads."""

    status: int
    document: dict[str, Any] | None
    place: str = ""

    @property
    def said(self) -> str:
        """What an error says."""
        document = self.document or {}
        detail = document.get("detail") or document.get("title") or ""
        if isinstance(detail, list):
            detail = "; ".join(f"{'.'.join(map(str, each.get('loc', ())))}: {each.get('msg', '')}" for each in detail)
        text = detail if isinstance(detail, str) else json.dumps(detail)
        return " ".join(text.split())[:500] or f"HTTP {self.status}"


class Api:
    """The API at the address of a web server."""

    def __init__(self, address: str, environment: Mapping[str, str] = os.environ) -> None:
        if problem := api_problem(address):
            raise DeployError(problem)
        self.address = address.rstrip("/")
        self._token, self._user = environment.get(TOKEN, ""), environment.get(USER, "")
        self._password = environment.get(PASSWORD, "")
        self._version = 0
        self._credentials: dict[str, str] | None = None
        self._opener = direct_opener()

    @property
    def version(self) -> int:
        """2 for Airflow 3, and 1 for Airflow 2; raises DeployError for what is neither."""
        if not self._version:
            self._version = self._found_version()
        return self._version

    def ask(self, what: str, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The answer to a request; `what` says what it does, as in "Airflow does not let you ...". Raises DeployError."""
        answer = self._asked(method, path, body, query)
        if answer.status == 204:
            return {}
        if not 200 <= answer.status < 300 or answer.document is None:
            raise self._refused(what, answer)
        return answer.document

    def find(self, what: str, path: str, **query: Any) -> dict[str, Any] | None:
        """The same for what may not be there: None then."""
        try:
            return self.ask(what, "GET", path, **query)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def pages(self, what: str, path: str, name: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All objects of a list that is called `name` in the answers."""
        seen = 0
        while True:
            found = self.ask(what, "GET", path, limit=PAGE, offset=seen, **query)
            objects = found.get(name) or []
            yield from objects
            seen += len(objects)
            if not objects or seen >= (found.get("total_entries") or 0):
                return

    def _asked(self, method: str, path: str, body: Any, query: Mapping[str, Any]) -> Answer:
        whole = f"/api/v{self.version}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        had = self._credentials is not None
        answer = self._send(method, whole, body, self._headers())
        if answer.status == 401 and had and not self._token and self._user:
            # The token has expired meanwhile.
            self._credentials = None
            answer = self._send(method, whole, body, self._headers())
        return answer

    def _headers(self) -> dict[str, str]:
        if self._credentials is None:
            self._credentials = self._made_credentials()
        return self._credentials

    def _made_credentials(self) -> dict[str, str]:
        if self._token:
            return {"Authorization": f"Bearer {self._token}"}
        if not self._user:
            return {}
        if self.version == 1:
            return {"Authorization": f"Basic {b64encode(f'{self._user}:{self._password}'.encode()).decode()}"}
        answer = self._send("POST", "/auth/token", {"username": self._user, "password": self._password}, {})
        token = (answer.document or {}).get("access_token")
        if not 200 <= answer.status < 300 or not isinstance(token, str):
            raise self._refused("log in", answer._replace(status=401) if answer.status in (400, 422) else answer)
        return {"Authorization": f"Bearer {token}"}

    def _found_version(self) -> int:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        for number in (2, 1):
            answer = self._send("GET", f"/api/v{number}/version", None, headers)
            if answer.status in (401, 403) or answer.place:
                raise self._refused("ask for its version", answer)
            said = str((answer.document or {}).get("version", ""))
            if answer.status == 200 and (found := re.match(r"(\d+)\.(\d+)", said)):
                if (int(found[1]), int(found[2])) < OLDEST:
                    raise DeployError(f"Airflow at {self.address} is {said}, and flowport needs {'.'.join(map(str, OLDEST))} or later")
                return number
        raise DeployError(f"what answers at {self.address} is not Airflow 2.10 or later\n  {WHERE}")

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        # Airflow 2 reads the body of every request that is said to be JSON.
        named = {"Accept": "application/json", **({} if body is None else {"Content-Type": "application/json"}), **headers}
        try:
            request = Request(self.address + path, data, named, method=method)
            try:
                with self._opener.open(request, timeout=PATIENCE) as answer:
                    return _answer(answer.status, answer.read(), "")
            except HTTPError as error:
                with error:
                    return _answer(error.code, error.read(), error.headers.get("Location", "") if 300 <= error.code < 400 else "")
        except (OSError, HTTPException, ValueError) as error:
            why = " ".join(str(getattr(error, "reason", "") or error).split()) or type(error).__name__
            raise DeployError(f"Airflow at {self.address} does not answer: {why}\n  {WHERE}") from None

    def _refused(self, what: str, answer: Answer) -> Refused:
        status, at = answer.status, f"Airflow at {self.address}"
        if answer.place:
            parts = urlsplit(answer.place)
            place = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
            return Refused(status, f"{at} leads elsewhere, to {place}, where flowport does not send credentials\n  {WHERE}")
        # Airflow 2 says 403 to nobody, too.
        if status in (401, 403) and not (self._token or self._user):
            return Refused(status, f"{at} wants to know who you are\n  set {CREDENTIALS} in the environment")
        if status == 401:
            return Refused(status, f"{at} does not accept your credentials\n  they are in {CREDENTIALS}, and may have expired")
        if status == 403:
            also = ", or the credentials are wrong, which Airflow 2 does not tell apart" if self._version == 1 else ""
            return Refused(
                status, f"{at} does not let you {what}: {answer.said}\n  the user of your credentials needs this permission{also}"
            )
        if answer.document is None and 200 <= status < 300:
            return Refused(status, f"{at} answered with something that is not JSON\n  {WHERE}")
        return Refused(status, f"{at} did not {what}: {answer.said}")


def path(*parts: str) -> str:
    """A path of the API, with names of users in it."""
    return "".join(f"/{quote(each, safe='~')}" for each in parts)


def _answer(status: int, text: bytes, place: str) -> Answer:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    return Answer(status, document if isinstance(document, dict) else None, place)
