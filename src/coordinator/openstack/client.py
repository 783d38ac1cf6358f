"""The cloud as seen with the coordinator's credentials: token, catalog and bounded reads.

What fails is an `ApiError`; `errors.explain` makes a fault of it.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from coordinator.openstack import catalog, errors, http, json_answers, urls, wire
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.errors import ApiError, UnusableAnswerError, shown
from coordinator.report.finding import Cause

_TOKEN = re.compile(r"[!-~]{1,16384}")
"""A token is opaque, but must fit into a header."""

_VERSION = re.compile(r"/v\d{1,3}(?:\.\d{1,3})?(?:/|$)")

_JSON = {"Accept": "application/json"}
_SENT = {"Content-Type": "application/json"}

_Param: TypeAlias = str | int | list[str]
"""A query parameter; a list stands for several of one name."""


class Login:
    """A token that several threads use, and renew."""

    def __init__(self, token: str, renew: Callable[[http.Deadline], str]) -> None:
        """Hold a token, and a function that gets another."""
        self.token = token
        self._renew = renew
        self._lock = threading.Lock()

    def renew(self, refused: str, deadline: http.Deadline) -> bool:
        """Replace a token that was refused; false when there is no other."""
        with self._lock:
            if self.token == refused:
                # a keystone that fails is not the fault of the service that refused
                with contextlib.suppress(ApiError):
                    self.token = self._renew(deadline)
            return self.token != refused


class Cloud(msgspec.Struct, frozen=True):
    """An authenticated view of one cloud, good until a deadline.

    Attributes:
        documents: what services say at their roots, by URL; each is asked once.
        project: id of the token's project.
    """

    transport: http.Transport
    login: Login
    deadline: http.Deadline
    entries: tuple[catalog.Entry, ...] = ()
    documents: dict[str, Any] = {}
    project: str = ""

    def until(self, deadline: http.Deadline) -> Cloud:
        """The same cloud, good until another deadline."""
        return msgspec.structs.replace(self, deadline=deadline)

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] = _JSON,
        body: Any = None,
        deed: str = "read",
    ) -> wire.Answer:
        """Send a request with the token; a token that is refused is renewed once."""
        token = self.login.token
        headers, sent = {**headers, "X-Auth-Token": token}, None
        if body is not None:
            headers, sent = {**headers, **_SENT}, json.dumps(body).encode()
        answer = self.transport.ask(method, url, self.deadline, headers, sent)
        if answer.status == 401 and self.login.renew(token, self.deadline):
            # keystone is asked about a token, too
            fresh = self.login.token
            headers = {key: fresh if value == token else value for key, value in headers.items()}
            answer = self.transport.ask(method, url, self.deadline, headers, sent)
        return _successful(answer, url, deed)

    def look(self, url: str) -> Any:
        """The JSON at a URL that everybody may read, such as a list of API versions.

        `300 Multiple Choices` is its usual status with some services; a token goes along only
        where it is asked for.
        """
        if url not in self.documents:
            answer = self.transport.ask("GET", url, self.deadline, _JSON)
            if answer.status == 401:
                answer = self.ask("GET", url)
            if answer.status != 300:
                _successful(answer, url)
            self.documents[url] = json_answers.parse(answer.body)
        return self.documents[url]


def _successful(answer: wire.Answer, url: str, deed: str = "read") -> wire.Answer:
    """The answer, if its status is one of success.

    A redirect is not followed: password and token would go along.
    """
    if 300 <= answer.status < 400:
        place = urls.redirected_to(answer.headers.get("location", ""), url)
        target = f"to '{place}'" if place else "without a usable address"
        raise ApiError(Cause.REDIRECTED, f"redirects {target} (HTTP {answer.status})")
    if not 200 <= answer.status < 300:
        raise errors.of_status(answer.status, deed)
    return answer


def connect(credentials: Credentials, transport: http.Transport, deadline: http.Deadline) -> Cloud:
    """Get a token and the catalog that comes with it.

    Source: Identity API v3, "Password authentication with scoped authorization".
    """
    user = {
        "name": credentials.username,
        "domain": {"name": credentials.user_domain},
        "password": credentials.password,
    }
    project = {"name": credentials.project, "domain": {"name": credentials.project_domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()
    url = f"{credentials.auth_url.rstrip('/')}/auth/tokens"
    answer = _successful(transport.ask("POST", url, deadline, {**_JSON, **_SENT}, body), url)
    token = answer.headers.get("x-subject-token", "")
    try:
        found = json_answers.parse(answer.body)["token"]
        datetime.datetime.fromisoformat(found["expires_at"].removesuffix("Z").partition(".")[0])
        entries = catalog.parse(found["catalog"], secure=url.startswith("https:"))
        scope = str(found["project"]["id"]) if "project" in found else ""
    except (AttributeError, KeyError, TypeError, ValueError):
        entries, scope = None, ""
    if entries is None or not _TOKEN.fullmatch(token):
        text = f"returned something that is not a token at {shown(credentials.auth_url)}"
        raise UnusableAnswerError(Cause.NOT_JSON, text)
    login = Login(token, lambda until: connect(credentials, transport, until).login.token)
    return Cloud(transport, login, deadline, entries, project=scope)


class Service(msgspec.Struct, frozen=True):
    """One service of the cloud, at the endpoint that the catalog names.

    Paths are the coordinator's own words; segments after them may come from elsewhere, and are
    quoted: `service.get("/v1/metric", id_, "measures", aggregation="mean")`.
    """

    cloud: Cloud
    url: str

    @property
    def root(self) -> str:
        """The endpoint without the version that some deployments put there, and what follows."""
        return _VERSION.split(self.url.rstrip("/"), maxsplit=1)[0]

    def until(self, deadline: http.Deadline) -> Service:
        """The same service, to be asked until another deadline."""
        return Service(self.cloud.until(deadline), self.url)

    def now(self) -> datetime.datetime:
        """The time by the service's own clock, where its answers told it."""
        clock = self.cloud.transport.clocks.get(urls.origin(self.url))
        ahead = datetime.timedelta(seconds=clock.ahead if clock else 0)
        return datetime.datetime.now(datetime.timezone.utc) + ahead

    def describe(self) -> Any:
        """The JSON at its root, where it tells its versions."""
        return self.cloud.look(f"{self.root}/")

    def versions(self) -> tuple[str, ...]:
        """Ids of the API versions that the service offers, such as `v1.0`."""
        document = self.describe()
        try:
            if "versions" not in document:
                listed = [document["version"]]  # some services tell one alone
            elif "values" in document["versions"]:
                listed = document["versions"]["values"]  # as Keystone does
            else:
                listed = document["versions"]
            return tuple(str(version["id"]) for version in listed)
        except (KeyError, TypeError):
            text = f"answers without versions of its API at {shown(self.url)}"
            raise UnusableAnswerError(Cause.NOT_JSON, text) from None

    def get(self, path: str, *segments: object, **params: _Param) -> Any:
        """Read JSON."""
        return json_answers.parse(self._ask("GET", path, segments, params).body)

    def text(self, path: str, *segments: object) -> str:
        """Read plain text."""
        answer = self._ask("GET", path, segments, headers={"Accept": "text/plain"})
        return json_answers.decode(answer.body)

    def own_token(self) -> Any:
        """Read the coordinator's own token; this service must be keystone.

        Source: Identity API v3, "Validate and show information for token".
        """
        subject = {**_JSON, "X-Subject-Token": self.cloud.login.token}
        answer = self._ask("GET", "/v3/auth/tokens", (), {"nocatalog": ""}, headers=subject)
        return json_answers.parse(answer.body)

    def search(self, path: str, body: Any, *segments: object, **params: _Param) -> Any:
        """Read JSON that is asked for with JSON."""
        return json_answers.parse(self._ask("POST", path, segments, params, body=body).body)

    def post(self, path: str, body: Any, *segments: object) -> Any:
        """Write JSON; gives the answer's JSON, None where it has no body."""
        answer = self._ask("POST", path, segments, body=body, deed="write")
        return json_answers.parse(answer.body) if answer.body else None

    def delete(self, path: str, *segments: object) -> None:
        """Remove something; that it is gone already is no fault."""
        try:
            self._ask("DELETE", path, segments, deed="write")
        except ApiError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise

    def _ask(
        self,
        method: str,
        path: str,
        segments: tuple[object, ...],
        params: Mapping[str, _Param] | None = None,
        **more: Any,
    ) -> wire.Answer:
        url = f"{self.root}{urls.below(path, *segments)}"
        if params:
            url += f"?{urllib.parse.urlencode(params, doseq=True, errors='replace')}"
        return self.cloud.ask(method, url, **more)
