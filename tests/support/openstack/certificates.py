"""A private certificate authority, and good and bad certificates of it."""

import datetime

import trustme

ADDRESS = "127.0.0.1"
_DAY = datetime.timedelta(days=1)


class Authority:
    """A private CA that no system trusts."""

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self.ca_pem = self._ca.cert_pem.bytes().decode()

    def valid(self, host: str = ADDRESS) -> trustme.LeafCert:
        """A certificate that a client who trusts the CA accepts for the host."""
        return self._ca.issue_cert(host)

    def expired(self, host: str = ADDRESS) -> trustme.LeafCert:
        """A certificate that ended yesterday."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return self._ca.issue_cert(host, not_before=now - 30 * _DAY, not_after=now - _DAY)

    def ending(self, days: int) -> trustme.LeafCert:
        """A certificate that is good for this many days, and some hours."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return self._ca.issue_cert(ADDRESS, not_after=now + (days + 0.5) * _DAY)

    def wrong_host(self) -> trustme.LeafCert:
        """A certificate for a host that nothing here is called."""
        return self._ca.issue_cert("elsewhere.example.com")
