"""What to type: names that relations tell, and commands that cure."""

import msgspec
import pytest

from coordinator.report.finding import Cause
from coordinator.report.remedies import Names, remedy
from tests.unit import reports

SUBJECT = Names("metric", "metrics", "keys", "watch", "", "openstack role add ROLE")
SIGNED = msgspec.structs.replace(SUBJECT, authority="pki")
CHARMS = {
    *("vault", "barbican-vault", "ceph-mon", "memcached", "rabbitmq-server", "ceilometer"),
    *("ceilometer-agent", "keystone", "aodh", "telemetry-coordinator"),
}
"""Names that these applications have in many a cloud, and need not have."""


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("subject", [SUBJECT, SIGNED], ids=["", "signed"])
@pytest.mark.parametrize("service", ["metric", "identity", "telemetry"])
def test_no_application_is_called_by_the_name_of_its_charm(
    cause: Cause, subject: Names, service: str
):
    typed = remedy(cause, msgspec.structs.replace(subject, service=service))
    words = {word.partition(":")[0].partition("/")[0] for word in typed.split()}
    assert not words & CHARMS
    assert "{" not in typed


@pytest.mark.parametrize(
    "cause",
    [
        Cause.NOT_STORED,
        Cause.NO_POLICIES,
        Cause.NO_FLOW,
        Cause.SILENT_HOSTS,
        Cause.METRICS_MISSING,
        Cause.WRONG_VALUE,
        Cause.STORE_FAILS,
    ],
)
def test_what_stands_behind_an_application_is_named_by_juju(cause: Cause):
    assert remedy(cause, SUBJECT) == "juju status --relations metrics"


@pytest.mark.parametrize("cause", [Cause.TLS_EXPIRED, Cause.TLS_ENDS])
def test_a_certificate_is_renewed_by_who_signs_as_far_as_that_is_known(cause: Cause):
    assert remedy(cause, SIGNED) == "juju run pki/leader reissue-certificates"
    assert remedy(cause, SUBJECT) == "juju status --relations metrics"


def test_a_ca_is_trusted_by_relation_or_where_that_is_there_by_option():
    placeholder = "juju integrate watch:certificates VAULT:certificates"
    assert remedy(Cause.TLS_UNTRUSTED, SUBJECT) == placeholder
    assert remedy(Cause.TLS_UNTRUSTED, SIGNED) == 'juju config watch ssl-ca="$(cat ca.pem)"'


# What a request knows


def test_who_signs_certificates_is_told_by_the_relation_alone():
    sources = {"option ssl-ca": "", "lego (certificate 1)": "", "pki/1": ""}
    assert msgspec.structs.replace(reports.REQUEST, certificates=sources).authority == "pki"
    del sources["pki/1"]
    assert msgspec.structs.replace(reports.REQUEST, certificates=sources).authority == ""


def test_a_user_with_fewer_rights_on_purpose_gets_the_usual_ones():
    request = msgspec.structs.replace(reports.REQUEST, fewer_rights=True)
    assert request.grant == 'juju config telemetry-coordinator requested-grants=""'


def test_a_user_that_has_the_usual_rights_gets_a_role():
    assert reports.REQUEST.grant == (
        "openstack role add --user telemetry-coordinator --user-domain service_domain "
        "--project services --project-domain service_domain ROLE"
    )
