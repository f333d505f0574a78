"""Mandates: every step from every state, what makes one unusable, and its evidence."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm.attributes import set_committed_value

from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.errors import IllegalStep, Refused
from portal.journal import SYSTEM
from portal.sepa.models import (
    Batch,
    Collection,
    Mandate,
    MandateEvent,
    find_usable_mandate,
    open_mandate,
    request_mandate,
)
from tests.builders import House, a_customer, stored
from tests.sepa.people import VISITOR, a_mandate, a_signed_mandate, last_mail, the_entity

TODAY = date(2026, 11, 23)

# Typed from the procedure: which verb is possible in which state.
GRID = {
    "draft": {"send", "import"},
    "sent": {"sign", "refuse", "revoke", "resend", "delegate", "enter_paper"},
    "paper_entered": {"agree_to_paper", "return_paper", "revoke"},
    "signed": {"revoke", "confirm", "suspend", "stop"},
    "suspended": {"revoke", "suspend", "resume", "stop"},
    "refused": set(),
    "revoked": {"stop"},
}
COLLECTIONS = {
    "announced": {"postpone", "cancel", "hold", "split", "lower", "freeze", "arrive"},
    "held": {"unhold", "cancel", "arrive"},
    "frozen": {"export", "give_back"},
    "exported": {"accept", "settle", "return", "give_back"},
    "accepted": {"settle", "return"},
    "settled": {"return"},
    "returned": {"arrive"},
    "cancelled": set(),
}
BATCHES = {
    "making": {"freeze", "give_up"},
    "giving_back": set(),
    "frozen": {"export", "cancel"},
    "exported": {"vouch", "release", "cancel"},
    "released": {"send", "cancel"},
    "sent": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize(("model", "grid"), [(Mandate, GRID), (Collection, COLLECTIONS), (Batch, BATCHES)])
def test_the_whole_grid_of_states_and_steps(model, grid) -> None:
    states = {state.value: state for state in next(iter(model.steps.values())).target.__class__}
    assert set(states) == set(grid)
    for name, state in states.items():
        row = model.__new__(model)
        row.__dict__["state"] = state
        possible = {verb for verb, step in model.steps.items() if state in step.sources}
        assert possible == grid[name], name


def test_a_mandate_is_asked_for_with_a_reference_a_link_and_a_mail(house: House) -> None:
    mandate, token = a_mandate(house)
    assert stored(mandate).state == "sent"
    assert mandate.rum == "NB-2026000001"
    assert mandate.text_version == "core-fr-1"
    mail = last_mail(mandate)
    assert mail.recipient == "contact@client.example"
    assert f"/sign/{token}" in mail.body
    assert token not in str(mandate.events[0].event)
    assert [row.event["what"] for row in mandate.events] == ["lien créé", "e-mail mis en file"]
    assert mandate.link.expires_at == datetime(2026, 12, 7, 9, tzinfo=UTC)


def test_each_mandate_of_a_creditor_has_its_own_reference(house: House) -> None:
    first, _ = a_mandate(house)
    second, _ = a_mandate(house, a_customer(house.other, name="Autre"))
    assert (first.rum, second.rum) == ("NB-2026000001", "NB-2026000002")


def test_one_request_at_a_time(house: House) -> None:
    mandate, _ = a_mandate(house)
    with pytest.raises(Refused, match="attend déjà"):
        request_mandate(mandate.customer, the_entity(), by=SYSTEM)
    assert open_mandate(mandate.customer, the_entity()) is mandate


def test_a_consumer_signs_no_mandate_between_businesses(house: House) -> None:
    customer = a_customer(house.reseller, kind=CustomerKind.CONSUMER, siren=None)
    with pytest.raises(Refused, match="professionnels"):
        request_mandate(customer, the_entity(), scheme="B2B", by=SYSTEM)


def test_003_80_a_revocation_takes_effect_after_its_notice(house: House) -> None:
    mandate = a_signed_mandate(house)
    mandate.revoke(received_on=TODAY, notice_months=1, by=SYSTEM)
    db.session.commit()
    assert stored(mandate).state == "revoked"
    assert mandate.is_usable(date(2026, 12, 22))
    assert mandate.problem(date(2026, 12, 23)) == "Le mandat est révoqué."


def test_a_revocation_is_neither_in_the_future_nor_before_the_signature(house: House) -> None:
    mandate = a_signed_mandate(house)
    for day in (date(2026, 11, 24), date(2026, 11, 22)):
        with pytest.raises(Refused):
            mandate.revoke(received_on=day, notice_months=0, by=SYSTEM)


def test_a_mandate_lapses_36_months_after_its_last_debit_was_due(house: House) -> None:
    mandate = a_signed_mandate(house)
    assert mandate.is_usable(date(2029, 11, 22))
    assert "caduc" in mandate.problem(date(2029, 11, 23))
    mandate.last_presented_on = date(2027, 1, 5)
    assert mandate.is_usable(date(2030, 1, 4))
    assert not mandate.is_usable(date(2030, 1, 5))


def test_a_b2b_mandate_waits_for_the_debtors_bank(house: House) -> None:
    mandate = a_signed_mandate(house, scheme="B2B")
    assert "banque" in mandate.problem(TODAY)
    mandate.confirm_at_bank(on=TODAY, by=SYSTEM)
    assert mandate.is_usable(TODAY)


def test_only_b2b_is_confirmed_and_only_after_the_signature(house: House) -> None:
    core = a_signed_mandate(house)
    with pytest.raises(Refused, match="interentreprises"):
        core.confirm_at_bank(on=TODAY, by=SYSTEM)


def test_an_unsigned_or_refused_mandate_is_no_ground_for_a_debit(house: House) -> None:
    mandate, _ = a_mandate(house)
    assert "pas encore signé" in mandate.problem(TODAY)
    mandate.refuse("Pas d'accord", by=SYSTEM, visitor=VISITOR)
    assert "refusé" in mandate.problem(TODAY)
    with pytest.raises(IllegalStep):
        mandate.resend(by=SYSTEM)
    with pytest.raises(Refused):
        mandate.enter_account(iban="x", name="x", address=mandate.address, visitor=VISITOR)


def test_nothing_is_signed_before_the_account_and_the_text(house: House) -> None:
    mandate, _ = a_mandate(house)
    with pytest.raises(Refused, match="étape"):
        mandate.sign(at=datetime(2026, 11, 23, tzinfo=UTC), by=SYSTEM)


def test_the_usable_mandate_is_the_latest_that_holds(house: House) -> None:
    old = a_signed_mandate(house)
    new = a_signed_mandate(house, old.customer)
    assert find_usable_mandate(old.customer, the_entity(), TODAY) is new
    new.revoke(received_on=TODAY, notice_months=0, by=SYSTEM)
    assert find_usable_mandate(old.customer, the_entity(), TODAY) is old


def test_a_new_link_replaces_the_former_one(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    again = mandate.resend(by=SYSTEM)
    db.session.commit()
    assert browser().get(f"/sign/{token}").status_code == 410
    assert browser().get(f"/sign/{again}").status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        {"event": {"at": "2026-11-23T09:00:00.000Z", "what": "signé", "ip": "10.0.0.1"}},
        {"previous_hash": "0" * 64},
        {"hash": "f" * 64},
    ],
)
def test_a_changed_event_shows(house: House, values) -> None:
    mandate = a_signed_mandate(house)
    assert mandate.broken_link() is None
    for name, value in values.items():  # as if read so: the database itself refuses the change
        set_committed_value(mandate.events[1], name, value)
    assert mandate.broken_link() in {2, 3}


def test_a_removed_event_shows_even_the_last_one(house: House) -> None:
    mandate = a_signed_mandate(house)
    set_committed_value(mandate, "events", mandate.events[:-1])
    assert mandate.broken_link() == mandate.evidence_length


def test_another_resellers_mandate_does_not_exist(house: House) -> None:
    a_mandate(house)
    set_scope(house.other.org_path)
    db.session.expunge_all()
    assert db.session.scalars(select(Mandate)).all() == []
    assert db.session.scalars(select(MandateEvent)).all() == []
    set_scope(EVERYTHING)


def test_the_few_that_wait_for_their_bank_are_counted_without_reading_the_others(house: House) -> None:
    query = str(select(Mandate.id).where(Mandate.is_at_bank()).compile(db.engine))
    explain = "EXPLAIN QUERY PLAN"
    if db.engine.dialect.name == "postgresql":
        explain = "EXPLAIN"
        db.session.execute(text("SET LOCAL enable_seqscan = off"))  # which is best for so few rows
    plan = " ".join(str(row) for row in db.session.execute(text(f"{explain} {query}")))
    assert "ix_mandate_at_bank" in plan
