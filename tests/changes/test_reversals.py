"""A renewal that is refused and wanted again; notices that both sides take back; letters of a wrong day."""

import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.billing.credit_models import CreditNote
from portal.billing.models import Charge
from portal.catalogue.models import Method
from portal.changes.reversals import NoticeReversal
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from portal.subscriptions.termination_letters import letter_of
from tests.builders import House, a_user, an_outsider, stored
from tests.changes.test_changes import a_year, bill, live, one
from tests.contracts.builders import dobaas, dropcloud, natso

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def her(subscription: Subscription) -> User:
    person = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return person


def refuse_renewal(client: FlaskClient, subscription: Subscription, **more: str) -> Any:
    data = {"sent_on": str(clock.today()), "reason": "none", **more}
    return client.post(f"/subscriptions/{subscription.uid}/termination", data=data)


def want_back(client: FlaskClient, subscription: Subscription, why: str = "Erreur de saisie") -> Any:
    return client.post(f"/subscriptions/{subscription.uid}/renewal", data={"why": why})


def consent(browser: Browser) -> Any:
    """The signatory's way with her link and code."""
    set_scope(EVERYTHING)
    mails = [mail.body for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))]
    path = re.search(r"/reversal/\S+", next(b for b in reversed(mails) if "/reversal/" in b)).group()  # type: ignore[union-attr]
    phone = browser()
    assert phone.get(path).status_code == 200
    assert phone.post(f"{path}/code").status_code == 303
    code = "".join(re.search(r"^    (\d{3}) (\d{3})$", one(Mail).body, re.M).groups())  # type: ignore[union-attr]
    assert phone.post(path, data={"code": "000000", "name": "Camille"}).status_code in (303, 422)
    return phone.post(path, data={"code": code, "name": "Camille Martin, gérante"})


def test_a_renewal_is_refused_with_its_day_shown_and_wanted_again_by_both(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    at(datetime(2027, 5, 3, 9, tzinfo=UTC))
    customer, owner = browser(her(subscription)), browser(house.owner)
    page = customer.get(f"/subscriptions/{subscription.uid}/renewal").text
    assert "23 août 2027" in page, "the last day of notice"
    assert "23 novembre 2027" in page
    assert refuse_renewal(customer, subscription).status_code == 303
    assert stored(subscription).ends_on == date(2027, 11, 23)
    assert want_back(customer, subscription, "Nous restons").status_code == 303
    row = one(NoticeReversal)
    path = f"/notice-reversals/{row.uid}/agreement"
    assert customer.post(path).status_code == 422, "she does not consent for the other side"
    assert stored(subscription).ends_on == date(2027, 11, 23)
    assert browser(an_outsider(house)).post(path).status_code == 404
    assert browser(house.reader).post(path).status_code == 403
    assert path in owner.get(f"/subscriptions/{subscription.uid}").text
    assert owner.post(path).status_code == 303
    assert (stored(subscription).state, subscription.ends_on, subscription.notified_on) == (
        "active",
        None,
        None,
    )
    assert owner.post(path).status_code in (409, 422)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert bill("2027-11").gross_cents == 3 * 5_988, "the next year is billed again"
    assert one(ActivationKey).revoked_at is None
    assert "Résiliation reprise" in browser(house.owner).get(f"/subscriptions/{subscription.uid}").text


def test_what_the_reseller_typed_in_error_is_taken_back_with_the_customers_code(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    owner = browser(house.owner)
    assert refuse_renewal(owner, subscription).status_code == 303
    assert want_back(owner, subscription).status_code == 303
    assert want_back(owner, subscription).status_code == 422, "once"
    assert owner.post(f"/notice-reversals/{one(NoticeReversal).uid}/agreement").status_code == 422
    assert consent(browser).status_code == 303
    row = stored(one(NoticeReversal))
    assert row.agreed_by.startswith("Camille Martin, gérante (contact@client.example)")
    assert (stored(subscription).state, subscription.ends_on) == ("active", None)
    assert subscription.last_notice_on == date(2027, 8, 23)
    assert refuse_renewal(owner, subscription).status_code == 303, "a later notice counts by itself"


def test_004_42_penalties_of_a_notice_that_is_taken_back_are_owed_no_more_and_credited_where_billed(
    house: House, browser: Browser, at: At
) -> None:
    subscription = dobaas(house)
    owner = browser(house.owner)
    assert refuse_renewal(owner, subscription, early="y").status_code == 303
    penalty = db.session.scalars(db.select(Charge).where(Charge.origin.startswith("early-end"))).one()
    assert penalty.unit_cents > 0
    want_back(owner, subscription)
    assert consent(browser).status_code == 303
    assert db.session.scalars(db.select(Charge).where(Charge.origin.startswith("early-end"))).all() == []
    assert refuse_renewal(owner, subscription, early="y").status_code == 303
    bill("2026-11")
    want_back(owner, subscription)
    assert consent(browser).status_code == 303
    note = one(CreditNote)
    assert note.net_cents == penalty_of(subscription)
    assert refuse_renewal(owner, subscription, early="y").status_code == 303
    mine = db.select(Charge).where(Charge.origin == f"early-end-penalty:{subscription.uid}")
    assert db.session.scalars(mine).one().invoice_id is None, "a third notice owes it once more"


def penalty_of(subscription: Subscription) -> int:
    query = db.select(Charge.unit_cents).where(Charge.origin.startswith("early-end-penalty"))
    return int(db.session.scalars(query.order_by(Charge.id)).first() or 0)


def test_the_customer_keeps_her_end_when_she_does_not_consent(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    owner = browser(house.owner)
    refuse_renewal(owner, subscription)
    want_back(owner, subscription)
    set_scope(EVERYTHING)
    path = re.search(r"/reversal/\S+", one(Mail).body).group()  # type: ignore[union-attr]
    assert browser().post(f"{path}/refusal").status_code == 303
    assert "maintenue" in browser().get(path).text
    assert stored(one(NoticeReversal)).state == "refused"
    assert stored(subscription).ends_on == date(2027, 11, 23)


@pytest.mark.parametrize("moved", [True, False])
def test_nothing_is_taken_back_without_a_notice_or_after_the_end(
    house: House, browser: Browser, at: At, moved: bool
) -> None:
    subscription = a_year(house)
    if moved:
        refuse_renewal(browser(house.owner), subscription)
        at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    answer = want_back(browser(house.owner), subscription)
    assert answer.status_code == 422
    assert ("a pris fin" if moved else "Aucune résiliation") in answer.text


def test_000_55_a_letter_of_a_wrong_day_is_put_right_and_the_end_follows(
    house: House, browser: Browser, at: At
) -> None:
    subscription = natso(house)  # since 15 January 2026
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    owner = browser(house.owner)
    path = f"/subscriptions/{subscription.uid}/termination/letter"
    typed = {"posted_on": "2026-10-20", "received_on": "2026-10-22", "tracking": "1A 1", "reason": "none"}
    assert owner.post(path, data=typed).status_code == 303
    assert stored(subscription).ends_on == date(2028, 1, 15), "five days late for 2027"
    right = {"posted_on": "2026-10-12", "received_on": "2026-10-22", "why": "Cachet mal lu"}
    assert owner.post(f"{path}/correction", data={**right, "posted_on": "2027-10-12"}).status_code == 422
    assert stored(subscription).ends_on == date(2028, 1, 15), "nothing half done"
    assert browser(house.sales).post(f"{path}/correction", data=right).status_code == 403
    assert owner.post(f"{path}/correction", data=right).status_code == 303
    assert (stored(subscription).ends_on, subscription.notified_on) == (date(2027, 1, 15), date(2026, 10, 12))
    letter = letter_of(subscription)
    assert letter is not None
    assert (letter.posted_on, letter.tracking) == (date(2026, 10, 12), "1A 1")
    assert "Jour de la lettre corrigé" in owner.get(f"/subscriptions/{subscription.uid}").text


RENEWED = {
    natso: [date(2024, 2, 29), "2027-02-28 2028-02-29 2029-02-28 2030-02-28 2031-02-28 2032-02-29"],
    dropcloud: [date(2026, 1, 31), "2026-11-30 2026-12-31 2027-01-31 2027-02-28 2027-03-31 2027-04-30"],
}


@pytest.mark.parametrize("contract", RENEWED)
def test_000_14_001_11_five_renewals_of_the_29th_and_the_31st_keep_their_anchor(
    house: House, browser: Browser, at: At, contract: Any
) -> None:
    start, days = RENEWED[contract]
    ends = [date.fromisoformat(day) for day in days.split()]
    subscription = contract(house, started_on=start, billed_before=ends[0])
    assert subscription.term_ends_on(clock.today()) == ends[0]
    for renewed, end in itertools.pairwise(ends):
        live(at, renewed.year, renewed.month, renewed.day)
        assert stored(subscription).period_ends_on == end


@pytest.mark.parametrize(
    ("chosen", "said"), [("none", "durée indéterminée"), ("same_period", "nouvelle période")]
)
def test_004_04_what_a_renewed_contract_becomes_is_a_setting_that_page_and_notice_read(
    house: House, browser: Browser, at: At, chosen: str, said: str
) -> None:
    subscription = dobaas(house)  # 36 months since 15 January 2026
    amendment = SignedAmendment(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=AmendmentKind.AMENDMENT,
        label="Avenant",
        signed_on=date(2026, 11, 23),
        effective_on=date(2026, 12, 15),
        created_by=SYSTEM.label,
        values={"renewal.commitment": {"value": chosen, "clause": "004-04"}},
    )
    db.session.add(amendment)
    db.session.commit()
    at(datetime(2029, 3, 1, 9, tzinfo=UTC))
    owner = browser(house.owner)
    assert said in owner.get(f"/subscriptions/{subscription.uid}/renewal").text
    assert refuse_renewal(owner, subscription).status_code == 303
    ends = {"none": date(2029, 9, 1), "same_period": date(2032, 1, 15)}
    assert stored(subscription).ends_on == ends[chosen]


def test_004_04_each_service_has_its_own_commitment_and_ends_by_itself(
    house: House, browser: Browser, at: At
) -> None:
    main = dobaas(house)  # since 15 January 2026
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    order = place_order(main.customer, main.product, 1, Method.DIRECT_DEBIT, by=SYSTEM)
    added = order.deliver(by=SYSTEM)
    db.session.commit()
    owner = browser(house.owner)
    for service, end in ((main, "15 janvier 2029"), (added, "1 décembre 2029")):
        assert end in owner.get(f"/subscriptions/{service.uid}/renewal").text
    assert refuse_renewal(owner, added).status_code == 303
    assert stored(added).ends_on == date(2029, 12, 1)
    assert (stored(main).state, main.ends_on) == ("active", None)
    path = f"/subscriptions/{main.uid}/main-service"
    operator = browser(house.operator)
    assert operator.post(path, data={"main": added.uid}).status_code == 422, "it has begun later, and ends"


def test_004_04_an_added_service_may_follow_the_period_of_the_main_one(
    house: House, browser: Browser, at: At
) -> None:
    main = dobaas(house)  # since 15 January 2026
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    order = place_order(main.customer, main.product, 1, Method.DIRECT_DEBIT, by=SYSTEM)
    added = order.deliver(by=SYSTEM)
    db.session.commit()
    path, data = f"/subscriptions/{added.uid}/main-service", {"main": main.uid}
    assert browser(house.owner).post(path, data=data).status_code == 403
    operator = browser(house.operator)
    assert main.uid in operator.get(f"/subscriptions/{added.uid}/renewal").text
    assert operator.post(path, data=data).status_code == 303
    assert stored(added).period_ends_on == date(2029, 1, 15)
    assert "15 janvier 2029" in operator.get(f"/subscriptions/{added.uid}/renewal").text
    assert operator.post(path, data={"main": ""}).status_code == 303
    assert stored(added).period_ends_on == date(2029, 12, 1)
    assert operator.post(path, data=data).status_code == 303
    at(datetime(2028, 7, 1, 9, tzinfo=UTC))
    assert refuse_renewal(browser(house.owner), added).status_code == 303
    assert stored(added).ends_on == date(2029, 1, 15)
    assert stored(main).ends_on is None
