"""What moves money is changed by two people and a day later; what leaves in a day is counted together."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.accounts.models import User
from portal.billing.credit_models import RefundFile, RefundFileState
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Refused
from portal.mail import Mail
from portal.refunds.files import release_file
from portal.resellers.models import LegalEntity, issuer_for
from portal.sepa.formats.iban import mask
from portal.sepa.models import Batch
from portal.sepa.models.creditor_change import CreditorChange, open_creditor_change
from portal.sepa.models.entity import IDENTITY
from tests.builders import House, a_customer, stored, work
from tests.resellers.test_pages import ENTITY_FORM
from tests.sepa.people import OTHER_IBAN, a_collection, a_signed_mandate, freeze_batch, the_entity
from tests.sepa.test_batch import DUE, TODAY
from tests.sepa.test_batch_life import a_second, press
from tests.sepa.test_creditor import OTHER_ICS, PROFILE, answer, save


def mails() -> list[Mail]:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.kind == "sepa/mail_creditor_change").order_by(Mail.id)
    return list(db.session.scalars(query))


def an_hour_passes() -> None:
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    set_scope(EVERYTHING)


def kinds_of(client) -> list[str]:
    return [each["kind"] for each in client.get("/today.json").get_json()["todo"]]


def asked(client, **changes: str) -> CreditorChange:
    assert save(client, **changes).status_code == 303
    change = open_creditor_change(the_entity())
    assert change is not None
    return change


def test_another_account_is_agreed_by_another_person_and_counts_a_day_later(
    house: House, browser, at
) -> None:
    first, second, entity = browser(house.finance), browser(house.operator), the_entity()
    former = entity.iban
    change = asked(first, iban=OTHER_IBAN)
    page = first.get(f"/sepa/creditors/{entity.uid}").text
    assert mask(former) in page and mask(OTHER_IBAN) in page and OTHER_IBAN not in page
    assert house.finance.name in page and "Accepter ce changement" not in page
    assert answer(first, change, "agree").status_code == 422
    assert kinds_of(second) == ["creditor.agree"] and kinds_of(first) == []
    assert answer(second, change, "agree").status_code == 303
    page = first.get(f"/sepa/creditors/{entity.uid}").text
    assert house.operator.name in page and "Compte à partir du" in page
    assert kinds_of(first) == ["creditor.counts"]
    counts_at = stored(change).counts_at
    assert counts_at >= change.created_at + timedelta(hours=24) and counts_at.minute == 0
    at(counts_at - timedelta(minutes=1))
    an_hour_passes()
    assert stored(entity).iban == former
    at(counts_at)
    an_hour_passes()
    assert (stored(entity).iban, stored(change).state) == (OTHER_IBAN, "applied")
    told = browser(house.finance).get(f"/sepa/creditors/{entity.uid}").text
    assert "Changement en attente" not in told and mask(OTHER_IBAN) in told


def test_all_who_may_object_are_told_at_the_request_and_at_the_agreement(house: House, browser) -> None:
    other = a_second(house)
    former = the_entity().iban
    change = asked(browser(house.finance), iban=OTHER_IBAN)
    everybody = {house.finance.email, house.operator.email, other.email}
    assert {mail.recipient for mail in mails()} == everybody
    for mail in mails():
        assert mask(former) in mail.body and mask(OTHER_IBAN) in mail.body and OTHER_IBAN not in mail.body
    answer(browser(other), change, "agree")
    assert len(mails()) == 2 * len(everybody)
    assert "24 heures" in mails()[-1].subject


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("ics", OTHER_ICS, OTHER_ICS),
        ("bank_name", "Autre banque", "Autre banque"),
        ("max_rows", "1", 1),
        ("max_bytes", "10000", 10_000),
        ("two_people_over_cents", "25 000", 2_500_000),
    ],
)
def test_what_watches_money_is_changed_by_two_as_well(
    house: House, browser, at, name: str, typed: str, kept: object
) -> None:
    entity = the_entity()
    before = getattr(entity, name)
    change = asked(browser(house.finance), **{name: typed})
    assert getattr(stored(entity), name) == before
    answer(browser(house.operator), change, "agree")
    assert getattr(stored(entity), name) == before
    at(stored(change).counts_at)
    an_hour_passes()
    assert getattr(stored(entity), name) == kept


def test_one_person_is_enough_to_stop_it_until_it_counts(house: House, browser, at) -> None:
    first, second, entity = browser(house.finance), browser(house.operator), the_entity()
    former = entity.iban
    change = asked(first, iban=OTHER_IBAN)
    assert answer(second, change, "stop").status_code == 303
    assert stored(change).state == "refused"
    assert answer(second, change, "agree").status_code == 422  # it waits no more
    change = asked(first, iban=OTHER_IBAN)
    answer(second, change, "agree")
    assert answer(first, change, "stop").status_code == 303
    assert stored(change).state == "stopped"
    at(change.counts_at)
    an_hour_passes()
    assert stored(entity).iban == former


def test_one_change_waits_at_a_time_and_what_was_read_is_what_is_agreed(house: House, browser) -> None:
    first, second = browser(house.finance), browser(house.operator)
    change = asked(first, iban=OTHER_IBAN)
    assert save(first, iban=OTHER_IBAN).status_code == 303  # the same again: nothing more
    assert save(first, max_rows="1").status_code == 422
    assert len(db.session.scalars(select(CreditorChange)).all()) == 1
    answer(first, change, "stop")
    asked(first, max_rows="1")
    assert answer(second, change, "agree").status_code == 422  # she had read of the account


def test_a_person_with_two_roles_is_not_two_people(house: House, browser) -> None:
    change = asked(browser(house.finance), iban=OTHER_IBAN)
    again = User(
        organisation=house.reseller, person=house.finance.person, name="Encore elle", role=Role.OWNER
    )
    again.joined_at = house.finance.joined_at
    db.session.add(again)
    db.session.commit()
    with pytest.raises(Refused, match="deuxième personne"):
        change.agree(by=again)
    assert stored(change).state == "asked"


def test_fewer_cents_alone_count_at_once_and_stop_a_higher_limit(house: House, browser) -> None:
    first = browser(house.finance)
    change = asked(first, two_people_over_cents="25 000")
    assert save(first, two_people_over_cents="5 000").status_code == 303
    assert stored(the_entity()).two_people_over_cents == 500_000
    assert stored(change).state == "stopped"


def test_it_waits_for_a_file_that_is_being_made(house: House, browser, at) -> None:
    change = asked(browser(house.finance), iban=OTHER_IBAN)
    answer(browser(house.operator), change, "agree")
    a_collection(a_signed_mandate(house))
    batch = freeze_batch(the_entity(), "CORE", DUE, house.finance)
    db.session.commit()
    at(stored(change).counts_at)
    db.session.execute(db.text("update task set state = 'failed' where kind = 'sepa.export'"))
    db.session.commit()
    an_hour_passes()
    assert (stored(change).state, stored(batch).state) == ("agreed", "frozen")
    db.session.execute(db.text("update task set state = 'queued' where kind = 'sepa.export'"))
    db.session.commit()
    at(change.counts_at + timedelta(hours=1))
    an_hour_passes()
    assert stored(batch).state == "exported"
    at(change.counts_at + timedelta(hours=2))
    an_hour_passes()
    assert stored(change).state == "applied"


def test_another_beginning_of_references_waits_once_one_was_given(house: House, browser, at) -> None:
    entity = the_entity()
    page = browser(house.operator).get(f"/sepa/entities/{entity.uid}").text
    assert "SIREN" in page
    identity = {name: getattr(entity, name) for name in IDENTITY} | {"mandate_prefix": "NOUVEAU"}
    a_signed_mandate(house)
    db.session.commit()
    answered = browser(house.operator).post(f"/sepa/entities/{entity.uid}", data=identity)
    assert answered.status_code == 303
    change = open_creditor_change(stored(entity))
    assert change is not None and entity.mandate_prefix != "NOUVEAU"
    answer(browser(house.finance), change, "agree")
    at(stored(change).counts_at)
    an_hour_passes()
    assert stored(entity).mandate_prefix == "NOUVEAU"


# A new entity


def the_new_one() -> LegalEntity:
    return db.session.scalars(select(LegalEntity).where(LegalEntity.mandate_prefix == "PORT")).one()


def says(client, change: CreditorChange, said: str):
    data = {"answer": said, "change": change.uid}
    return client.post(f"/sepa/creditors/{change.legal_entity.uid}/change", data=data)


def a_day_passes(at, change: CreditorChange) -> None:
    at(stored(change).counts_at)
    an_hour_passes()


def test_a_new_entity_and_the_default_one_are_agreed_by_another_person_and_count_a_day_later(
    house: House, browser, at
) -> None:
    """Nobody alone leads the money of coming customers to an account of hers."""
    before, operator, finance = the_entity(), browser(house.operator), browser(house.finance)
    address = operator.post("/sepa/entities", data=ENTITY_FORM).headers["Location"]
    made = the_new_one()
    waiting = open_creditor_change(made)
    assert waiting is not None and mask(made.iban) in mails()[-1].body
    assert says(operator, waiting, "agree").status_code == 422
    assert operator.post(f"{address}/default").status_code == 422
    customer = a_customer(house.reseller)
    db.session.commit()
    named = f"/billing/issuers/{customer.organisation.uid}"
    assert operator.post(named, data={"entity": made.uid}).status_code == 422
    assert kinds_of(finance) == ["creditor.agree"]
    assert says(finance, waiting, "agree").status_code == 303
    assert not stored(made).is_open
    a_day_passes(at, waiting)
    assert stored(made).is_open and issuer_for(customer) == before
    operator, finance = browser(house.operator), browser(house.finance)
    assert operator.post(f"{address}/default").status_code == 303
    asked_ = open_creditor_change(made)
    assert asked_ is not None and not stored(made).is_default
    assert "Entité par défaut" in finance.get(f"/sepa/creditors/{made.uid}").text
    assert says(operator, asked_, "agree").status_code == 422
    assert says(finance, asked_, "agree").status_code == 303
    a_day_passes(at, asked_)
    assert stored(made).is_default and not stored(before).is_default
    assert issuer_for(customer) == before, "who is there keeps the entity that she knows"
    assert issuer_for(a_customer(house.reseller, name="Après", siren=None)) == made


def test_an_account_that_was_stopped_is_asked_for_again_and_bills_nobody_meanwhile(
    house: House, browser, at
) -> None:
    operator = browser(house.operator)
    operator.post("/sepa/entities", data=ENTITY_FORM)
    made = the_new_one()
    assert says(browser(house.finance), open_creditor_change(made), "stop").status_code == 303
    assert not stored(made).is_open
    wanted = {**PROFILE, "ics": made.ics, "iban": OTHER_IBAN, "bank_name": "Autre"}
    assert operator.post(f"/sepa/creditors/{made.uid}", data=wanted).status_code == 303
    change = open_creditor_change(made)
    assert change is not None and says(browser(house.finance), change, "agree").status_code == 303
    a_day_passes(at, change)
    assert (stored(made).is_open, made.iban, made.bank_name) == (True, OTHER_IBAN, "Autre")


# What leaves in a day


def three_batches(house: House, cents: int) -> list[Batch]:
    batches = []
    for number in range(3):
        customer = a_customer(house.reseller, name=f"Client {number}", siren=None)
        a_collection(a_signed_mandate(house, customer), amount_cents=cents, source_uid=str(number))
        batches.append(freeze_batch(the_entity(), "CORE", DUE, house.finance))
        db.session.commit()
        work()
    return [stored(batch) for batch in batches]


def test_the_limit_counts_what_leaves_in_a_day_however_it_is_cut(house: House, browser, at) -> None:
    batches, client = three_batches(house, 400_000), browser(house.finance)
    one, two, three = batches
    for batch in (one, two):
        assert "Télécharger" in client.get(f"/sepa/batches/{batch.uid}").text
        assert press(client, batch, "file").status_code == 200
    assert "deuxième personne" in client.get(f"/sepa/batches/{three.uid}").text
    refused = press(client, three, "file")
    assert refused.status_code == 422 and "Avec ce qui part aujourd'hui" in refused.text.replace("&#39;", "'")
    assert press(client, one, "file").status_code == 200  # once more: it is counted once
    assert press(browser(a_second(house)), three, "release").status_code == 303
    assert press(client, three, "file").status_code == 200
    assert stored(one).left_on == TODAY


def test_the_next_day_counts_anew(house: House, browser, at) -> None:
    one, two, three = three_batches(house, 400_000)
    for batch in (one, two):
        assert press(browser(house.finance), batch, "file").status_code == 200
    at(datetime(2026, 11, 23, 22, 59, tzinfo=UTC))  # still the same day in Paris
    assert press(browser(house.finance), three, "file").status_code == 422
    at(datetime(2026, 11, 23, 23, 1, tzinfo=UTC))
    assert press(browser(house.finance), three, "file").status_code == 200


def test_what_two_people_let_go_counts_too(house: House, browser) -> None:
    one, two, three = three_batches(house, 400_000)
    other = browser(a_second(house))
    for batch in (one, two):
        press(other, batch, "release")
    assert press(browser(house.finance), three, "file").status_code == 422
    press(other, one, "cancellation")
    assert press(browser(house.finance), three, "file").status_code == 200
    assert stored(two).state == "released"


def test_refunds_that_leave_count_for_the_same_day(house: House, browser) -> None:
    (batch, *_rest) = three_batches(house, 400_000)
    file = a_refund_file(house, 600_001)
    assert press(browser(house.finance), batch, "file").status_code == 200  # it waits for its second person
    release_file(file, by=a_second(house))
    db.session.commit()
    assert press(browser(house.finance), batch, "file").status_code == 422


def a_refund_file(house: House, cents: int) -> RefundFile:
    entity = the_entity()
    file = RefundFile(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        msg_id="RMB-1",
        state=RefundFileState.MADE,
        made_by_id=house.finance.id,
        made_by=house.finance.name,
        execute_on=TODAY,
        count=1,
        total_cents=cents,
        version=1,
    )
    db.session.add(file)
    db.session.commit()
    return file
