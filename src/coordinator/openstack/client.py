"""The cloud as seen with the coordinator's credentials: token, catalog and bounded reads."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, cast

import keystoneauth1.exceptions
import keystoneauth1.identity
import keystoneauth1.session

from coordinator.openstack import catalog, http
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.errors import UnusableAnswerError, shown
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause

USER_AGENT = "telemetry-coordinator"


@dataclasses.dataclass(frozen=True)
class Cloud:
    """An authenticated view of one cloud, good until the deadline of its session.

    Attributes:
        entries: the service catalog of the token.
        reopen: makes a session with the same token that is good until another deadline.
        clocks: of the hosts that answered so far.
        project: id of the project that the token is for.
        documents: what services say at their roots, by URL; each is asked once.
    """

    session: keystoneauth1.session.Session
    entries: tuple[catalog.Entry, ...]
    reopen: Callable[[http.Deadline], keystoneauth1.session.Session] | None = None
    clocks: Mapping[str, http.Clock] = dataclasses.field(default_factory=http.Clocks)
    project: str = ""
    documents: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any], repr=False)

    def until(self, deadline: http.Deadline) -> Cloud:
        """The same cloud, good until another deadline."""
        if self.reopen is None:
            raise ValueError("this view of a cloud cannot be reopened")
        return dataclasses.replace(self, session=self.reopen(deadline))


@dataclasses.dataclass(frozen=True)
class Route:
    """How services are reached.

    Attributes:
        verify: path of the CA bundle, or True for that of the HTTP library.
        proxies: what lies between.
        deadline: when every request ends.
        ends: when the certificates end that were met on the way.
        clocks: of the hosts that answered.
    """

    verify: str | bool
    proxies: Proxies
    deadline: http.Deadline
    ends: http.Ends = dataclasses.field(default_factory=http.Ends)
    clocks: http.Clocks = dataclasses.field(default_factory=http.Clocks)


def connect(credentials: Credentials, route: Route, patience: http.Deadline) -> Cloud:
    """Get a token and the catalog that comes with it.

    Args:
        credentials: whose token.
        route: how the services are reached.
        patience: when the request for the token ends.

    Raises:
        Exception: anything of the HTTP stack; `errors.explain` tells what it means.
    """
    auth = keystoneauth1.identity.V3Password(
        auth_url=credentials.auth_url,
        username=credentials.username,
        password=credentials.password,
        user_domain_name=credentials.user_domain,
        project_name=credentials.project,
        project_domain_name=credentials.project_domain,
    )
    try:
        access: Any = auth.get_access(_session(auth, route, patience))
        entries = catalog.parse(access.service_catalog.catalog)
    except (AttributeError, KeyError, TypeError) as error:
        text = f"answers without a token at {shown(credentials.auth_url)}"
        raise UnusableAnswerError(Cause.NOT_JSON, text) from error
    return Cloud(
        _session(auth, route, route.deadline),
        entries,
        reopen=lambda deadline: _session(auth, route, deadline),
        clocks=route.clocks,
        project=str(access.project_id or ""),
    )


def _session(
    auth: keystoneauth1.identity.V3Password, route: Route, deadline: http.Deadline
) -> keystoneauth1.session.Session:
    return keystoneauth1.session.Session(
        auth=auth,
        verify=route.verify,
        session=http.open_session(deadline, route.proxies, route.ends, route.clocks),
        user_agent=USER_AGENT,
    )


@dataclasses.dataclass(frozen=True)
class Service:
    """One service of the cloud, to be asked by its check.

    Attributes:
        url: its endpoint as the catalog has it.
    """

    cloud: Cloud
    url: str

    @property
    def root(self) -> str:
        """The endpoint without the version that some deployments put at its end.

        What follows the version, such as the project in Heat's endpoint, is left out, too.
        """
        return re.split(r"/v\d{1,3}(?:\.\d{1,3})?(?:/|$)", self.url.rstrip("/"), maxsplit=1)[0]

    def until(self, deadline: http.Deadline) -> Service:
        """The same service, to be asked until another deadline."""
        return dataclasses.replace(self, cloud=self.cloud.until(deadline))

    def now(self) -> datetime.datetime:
        """The time by the service's own clock, as far as its answers told it."""
        clock = self.cloud.clocks.get(http.origin(self.url))
        ahead = datetime.timedelta(seconds=clock.ahead if clock else 0)
        return datetime.datetime.now(datetime.timezone.utc) + ahead

    def describe(self) -> Any:
        """The JSON at its root, where it tells its versions; asked once, without a token.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        url, known = f"{self.root}/", self.cloud.documents
        if url not in known:
            answer = self.cloud.session.get(
                url, authenticated=False, headers={"Accept": "application/json"}
            )
            known[url] = answer.json()
        return known[url]

    def versions(self) -> tuple[str, ...]:
        """Ids of the API versions that the service offers, such as `v1.0`.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        try:
            return tuple(str(version["id"]) for version in _offered(self.describe()))
        except (KeyError, TypeError, AttributeError):
            raise UnusableAnswerError(
                Cause.NOT_JSON, "answers without versions of its API"
            ) from None

    def get(self, path: str, *segments: object, **params: str | int | list[str]) -> Any:
        """Read JSON with the coordinator's token.

        Args:
            path: path below the root, starting with a slash; our own words.
            segments: what follows it; may come from elsewhere.
            params: query parameters.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        response = self.cloud.session.get(
            f"{self.root}{_below(path, *segments)}",
            params=params,
            headers={"Accept": "application/json"},
        )
        return response.json()

    def text(self, path: str, *segments: object) -> str:
        """Read plain text with the coordinator's token.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        answer = self.cloud.session.get(
            f"{self.root}{_below(path, *segments)}", headers={"Accept": "text/plain"}
        )
        return answer.text

    def own_token(self) -> Any:
        """What keystone says about the coordinator's own token; this service must be keystone.

        Source: Identity API v3, "Validate and show information for token".

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        session = self.cloud.session
        subject = {"X-Subject-Token": session.get_token() or ""}
        headers = {"Accept": "application/json", **subject}
        return session.get(f"{self.root}/v3/auth/tokens?nocatalog", headers=headers).json()

    def search(
        self, path: str, body: Any, *segments: object, **params: str | int | list[str]
    ) -> Any:
        """Read JSON that is asked for with JSON; for the arguments see `get`.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        return self.post(path, body, *segments, **params)

    def post(
        self, path: str, body: Any, *segments: object, **params: str | int | list[str]
    ) -> Any:
        """Send JSON with the coordinator's token; the answer's JSON, None where it has no body.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        response = self.cloud.session.post(
            f"{self.root}{_below(path, *segments)}",
            json=body,
            params=params,
            headers={"Accept": "application/json"},
        )
        return response.json() if response.content else None

    def delete(self, path: str, *segments: object) -> None:
        """Remove something; that it is gone already is no fault.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        with contextlib.suppress(keystoneauth1.exceptions.NotFound):
            self.cloud.session.delete(f"{self.root}{_below(path, *segments)}")


def _below(path: str, *segments: object) -> str:
    """The path with what follows it, quoted.

    Raises:
        UnusableAnswerError: a segment would lead elsewhere.
    """
    for segment in map(str, segments):
        if segment in ("", ".", "..") or "/" in segment:
            raise UnusableAnswerError(Cause.UNEXPECTED, "answers with a name that is no id")
        path += f"/{urllib.parse.quote(segment, safe='', errors='replace')}"
    return path


def _offered(document: Any) -> list[Any]:
    """The list of versions in what a service says at its root.

    Keystone wraps it once more; some services tell one version alone.

    Raises:
        KeyError, TypeError: there is none.
    """
    if "versions" not in document:
        return [document["version"]]
    versions = document["versions"]
    return cast("dict[str, Any]", versions)["values"] if isinstance(versions, dict) else versions
