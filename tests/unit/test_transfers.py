"""Both versions of the interface certificate_transfer, as providers write them."""

from __future__ import annotations

import json
from typing import Any

import ops
import pytest
from ops import testing

from relations import transfers
from relations.endpoints import TRANSFERS
from relations.related import Related
from tests.unit import model

Receiver = testing.Context[ops.CharmBase]

A, B = "-----BEGIN A-----", "-----BEGIN B-----"
CHARM = {"name": "receiver", "requires": {TRANSFERS: {"interface": "x"}}}


@pytest.fixture
def receiver() -> Receiver:
    """A charm with nothing but the endpoint."""
    return testing.Context(ops.CharmBase, meta=CHARM)


def relation(*units: dict[str, str], **application: str) -> testing.Relation:
    return testing.Relation(
        TRANSFERS,
        remote_app_name="authority",
        remote_app_data=application,
        remote_units_data=dict(enumerate(units)),
    )


def read(receiver: Receiver, *relations: testing.Relation) -> dict[str, str]:
    state = testing.State(relations=set(relations))
    with receiver(receiver.on.update_status(), state) as manager:
        return transfers.certificates(Related(manager.charm.model))


def texts(*sent: str) -> dict[str, str]:
    return {f"authority (certificate {n})": text for n, text in enumerate(sent, start=1)}


UNREADABLE = {"authority (unreadable)": ""}


def test_version_1_has_a_list_in_the_application_databag(receiver: Receiver):
    assert read(receiver, relation({}, certificates=json.dumps([A, B]), version="1")) == texts(
        A, B
    )


def test_the_order_does_not_depend_on_the_provider(receiver: Receiver):
    sent = json.dumps([B, A, B])
    assert read(receiver, relation({}, certificates=sent, version="1")) == texts(A, B)


def test_version_1_needs_no_units(receiver: Receiver):
    assert read(receiver, relation(certificates=json.dumps([A]), version="1")) == texts(A)


def test_a_provider_of_version_1_that_took_all_back_is_not_asked_for_version_0(
    receiver: Receiver,
):
    left_over = {"ca": A, "chain": json.dumps([A])}
    assert read(receiver, relation(left_over, certificates="[]", version="1")) == {}


@pytest.mark.parametrize("ca", [A, json.dumps(A)], ids=["bare", "as JSON"])
def test_version_0_has_bare_texts_or_json_in_the_units_databags(receiver: Receiver, ca: str):
    unit = {"certificate": "its own", "ca": ca, "chain": json.dumps([A, B])}
    assert read(receiver, relation(unit)) == texts(A, B)


def test_version_0_is_read_from_every_unit(receiver: Receiver):
    assert read(receiver, relation({"ca": A}, {"ca": B}, {})) == texts(A, B)


@pytest.mark.parametrize("chain", ["null", "", json.dumps(A), A])
def test_version_0_may_have_no_chain_or_a_bare_one(receiver: Receiver, chain: str):
    assert read(receiver, relation({"ca": A, "chain": chain})) == texts(A)


@pytest.mark.parametrize(
    "sent",
    ["rubbish", "5", "null", "{}", '{"ca": "x"}', "[5]", '["\\ud800"]', "[" * 100_000, "9" * 9999],
    ids=lambda sent: sent[:12],
)
def test_what_is_no_list_of_texts_is_unreadable(receiver: Receiver, sent: str):
    assert read(receiver, relation({}, certificates=sent, version="1")) == UNREADABLE


@pytest.mark.parametrize("unit", [{"chain": "[5]"}, {"ca": "5"}, {"ca": '"\\ud800"'}])
def test_a_unit_of_version_0_may_be_unreadable(receiver: Receiver, unit: dict[str, str]):
    assert read(receiver, relation(unit)) == UNREADABLE


def asked(after: testing.State) -> list[Any]:
    return [found.local_app_data.get("version") for found in after.get_relations(TRANSFERS)]


def test_the_leader_asks_for_version_1(context: testing.Context[Any]):
    related = relation()
    out = context.run(context.on.relation_created(related), model.state(related))
    assert asked(out) == ["1"]


def test_a_new_leader_asks_where_the_last_one_did_not(context: testing.Context[Any]):
    state = model.state(relation(), relation())
    assert asked(context.run(context.on.leader_elected(), state)) == ["1", "1"]


def test_who_does_not_lead_asks_nothing(context: testing.Context[Any]):
    related = relation()
    state = model.state(related, leader=False)
    assert asked(context.run(context.on.relation_created(related), state)) == [None]


def test_a_relation_that_ends_is_trusted_no_longer(receiver: Receiver):
    related = relation({}, certificates=json.dumps([A]), version="1")
    state = testing.State(relations={related})
    with receiver(receiver.on.relation_broken(related), state) as manager:
        assert transfers.certificates(Related(manager.charm.model)) == {}
