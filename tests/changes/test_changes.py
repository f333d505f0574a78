"""More or less of what runs: shown before it is confirmed, billed by days, followed by keys and periods."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.access import Role
from portal.answers.case import Event
from portal.backups.gaps import GapKind, GapState, note_gap
from portal.billing.models import Charge, Invoice, InvoiceLine, Proforma
from portal.billing.run import start_run
from portal.catalogue.models import Method, VolumePrice
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.simulator.run import simulate
from portal.subscriptions.case import bare_case
from portal.subscriptions.changes import ChangeState, SubscriptionChange
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.contracts.builders import dobaas, dropcloud
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def one(model: Any) -> Any:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(model).order_by(model.id.desc()).limit(1)).one()


def live(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    set_scope(EVERYTHING)
    jobs.run_periodic()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def bill(month: str) -> Invoice:
    set_scope(EVERYTHING)
    start_run(one(LegalEntity), month, by=SYSTEM)
    work()
    set_scope(EVERYTHING)
    return one(Invoice)  # type: ignore[no-any-return]


def a_year(house: House, stack: str = "natso") -> Subscription:
    """NATSO, three licences a year from 23 November 2026 on, at 59.88 euros each."""
    customer, product = a_customer(house.reseller, accepted=stack), a_product(house, terms_stack=stack)
    order = place_order(customer, product, 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=17_964, reference="V1", by=SYSTEM)
    db.session.commit()
    return one(Subscription)  # type: ignore[no-any-return]


def change(client: FlaskClient, subscription: Subscription, **typed: Any) -> Any:
    """Read what it would cost, then confirm just that."""
    path = f"/subscriptions/{subscription.uid}/change"
    page = client.get(path, query_string=typed)
    seen = re.search(r'name="seen" value="([^"]*)"', page.text)
    return client.post(path, data={**typed, "seen": unescape(seen.group(1)) if seen else ""})


def sign(browser: Browser) -> Any:
    """The signatory's way, as she reads it in her mails."""
    db.session.commit()
    set_scope(EVERYTHING)
    mails = [mail.body for mail in db.session.scalars(db.select(Mail).order_by(Mail.id))]
    path = re.search(r"/amendment/\S+", next(b for b in reversed(mails) if "/amendment/" in b)).group()  # type: ignore[union-attr]
    phone = browser()
    assert phone.get(path).status_code == 200
    assert phone.post(f"{path}/code").status_code == 303
    set_scope(EVERYTHING)
    last = db.session.scalars(db.select(Mail).order_by(Mail.id.desc()).limit(1)).one()
    code = "".join(re.search(r"^    (\d{3}) (\d{3})$", last.body, re.M).groups())  # type: ignore[union-attr]
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', phone.get(path).text).group(1))  # type: ignore[union-attr]
    return phone.post(path, data={"code": code, "name": "Camille Martin, gérante", "seen": seen})


def test_more_licences_at_once_are_owed_by_days_and_activate_more_machines(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    at(datetime(2027, 5, 23, 9, tzinfo=UTC))  # 184 days before 23 November 2027
    owner = browser(house.owner)
    page = owner.get(f"/subscriptions/{subscription.uid}/change?kind=seats&quantity=5&when=now").text
    assert "184 jours sur 365" in page
    assert "60,37" in page, "2 licences × 59.88 € × 184 / 365"
    assert change(owner, subscription, kind="seats", quantity=5, when="now").status_code == 303
    assert stored(subscription).quantity == 5
    key = one(ActivationKey)
    assert key.seats == 5
    charge = one(Charge)
    assert (charge.unit_cents, charge.includes_vat, charge.quantity) == (11_976 * 184 // 365, True, 1)
    invoice = bill("2027-05")
    line = db.session.scalars(db.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).one()
    assert "5 × NATSO" in line.label
    assert (invoice.gross_cents, line.vat_basis_points) == (6_037, 2000)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert bill("2027-11").gross_cents == 5 * 5_988, "the next year bills five"
    assert "Changement convenu" in browser(house.owner).get(f"/subscriptions/{subscription.uid}").text


def test_less_waits_for_the_end_that_a_notice_of_today_would_have(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    at(datetime(2027, 5, 23, 9, tzinfo=UTC))
    assert change(browser(house.owner), subscription, kind="seats", quantity=2).status_code == 303
    row = one(SubscriptionChange)
    assert (row.state, row.effective_on, row.charge_cents) == (ChangeState.AGREED, date(2027, 11, 23), 0)
    assert "000-14" in row.clause
    assert stored(subscription).quantity == 3
    live(at, 2027, 11, 22)
    assert (stored(subscription).quantity, one(ActivationKey).seats) == (3, 3)
    live(at, 2027, 11, 23)
    assert (stored(subscription).quantity, one(ActivationKey).seats) == (2, 2)
    assert bill("2027-11").gross_cents == 2 * 5_988


def test_less_after_the_last_day_of_notice_waits_another_year(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    at(datetime(2027, 8, 24, 9, tzinfo=UTC))  # the last day was the 23rd
    assert change(browser(house.owner), subscription, kind="seats", quantity=1).status_code == 303
    assert one(SubscriptionChange).effective_on == date(2028, 11, 23)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    assert bill("2027-11").gross_cents == 3 * 5_988


def test_a_change_on_the_anchor_day_costs_no_days_of_the_period_before(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    at(datetime(2027, 11, 23, 9, tzinfo=UTC))
    owner = browser(house.owner)
    assert change(owner, subscription, kind="seats", quantity=4, when="now").status_code == 303
    assert one(SubscriptionChange).charge_cents == 0, "the year that begins today is not billed yet"
    assert bill("2027-11").gross_cents == 4 * 5_988
    assert change(owner, subscription, kind="seats", quantity=6, when="now").status_code == 303
    assert one(SubscriptionChange).charge_cents == 2 * 5_988, "billed already: its whole difference"


def test_twice_on_a_day_each_pays_its_own_difference(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    at(datetime(2027, 5, 23, 9, tzinfo=UTC))
    owner = browser(house.owner)
    for quantity in (4, 5):
        assert change(owner, subscription, kind="seats", quantity=quantity, when="now").status_code == 303
    mine = Charge.origin.startswith(f"change:{subscription.uid}:")
    cents = [row.unit_cents for row in db.session.scalars(db.select(Charge).where(mine))]
    assert cents == [5_988 * 184 // 365] * 2
    assert stored(subscription).quantity == 5


def test_a_confirmation_of_what_was_not_shown_asks_again(house: House, browser: Browser, at: At) -> None:
    subscription = a_year(house)
    path, owner = f"/subscriptions/{subscription.uid}/change", browser(house.owner)
    typed = {"kind": "seats", "quantity": "9", "when": "now"}
    page = owner.get(path, query_string=typed)
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', page.text).group(1))  # type: ignore[union-attr]
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    answer = browser(house.owner).post(path, data={**typed, "seen": seen})
    assert (answer.status_code, "relisez-les" in answer.text) == (422, True)
    assert (stored(subscription).quantity, db.session.query(SubscriptionChange).count()) == (3, 0)


def given_notice(subscription: Subscription, client: FlaskClient) -> None:
    data = {"sent_on": str(clock.today()), "reason": "none"}
    assert client.post(f"/subscriptions/{subscription.uid}/termination", data=data).status_code == 303


def suspended(subscription: Subscription, client: FlaskClient) -> None:
    subscription.suspend("000-54", by=SYSTEM)


def waiting(subscription: Subscription, client: FlaskClient) -> None:
    assert change(client, subscription, kind="seats", quantity=2).status_code == 303


@pytest.mark.parametrize(
    ("happened", "said"),
    [(given_notice, "Une résiliation est en cours"), (suspended, "est suspendu"), (waiting, "attend déjà")],
)
def test_nothing_changes_during_a_notice_a_suspension_or_another_change(
    house: House, browser: Browser, happened: Any, said: str
) -> None:
    subscription, owner = a_year(house), browser(house.owner)
    happened(subscription, owner)
    db.session.commit()
    answer = change(owner, subscription, kind="seats", quantity=7, when="now")
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert stored(subscription).quantity == 3


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"quantity": "3"}, "Rien ne change"),
        ({"quantity": "0"}, "Entre 1 et 10"),
        ({"quantity": ""}, "Indiquez une quantité"),
        ({"quantity": "99999999999999"}, "douze chiffres"),
        ({"kind": "volume", "volume_gb": "9"}, "field-error"),
        ({"kind": "plan", "product": "nothing"}, "field-error"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    house: House, browser: Browser, typed: dict[str, str], said: str
) -> None:
    subscription = a_year(house)
    key = one(ActivationKey)
    for machine in ("a", "b"):
        data = {"key": key.code, "fingerprint": machine}
        assert browser().post("/api/v1/activations", json=data).status_code == 201
    answer = change(browser(house.owner), subscription, **{"kind": "seats", "when": "now", **typed})
    assert answer.status_code == 422
    assert said in unescape(answer.text), answer.text
    assert (stored(subscription).quantity, db.session.query(SubscriptionChange).count()) == (3, 0)


def test_a_notice_drops_the_change_that_waits(house: House, browser: Browser) -> None:
    subscription, owner = a_year(house), browser(house.owner)
    waiting(subscription, owner)
    given_notice(subscription, owner)
    assert stored(one(SubscriptionChange)).state == ChangeState.CANCELLED


def test_who_asked_takes_a_change_back_before_its_day(house: House, browser: Browser, at: At) -> None:
    subscription, owner = a_year(house), browser(house.owner)
    waiting(subscription, owner)
    row = one(SubscriptionChange)
    path = f"/subscription-changes/{row.uid}/cancellation"
    assert path in owner.get(f"/subscriptions/{subscription.uid}").text
    assert browser(house.reader).post(path).status_code == 403
    assert browser(an_outsider(house)).post(path).status_code == 404
    assert owner.post(path).status_code == 303
    assert owner.post(path).status_code == 409
    live(at, 2027, 11, 23)
    assert stored(subscription).quantity == 3


def test_another_edition_replaces_the_keys_and_is_billed_by_days(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    server = a_product(house, code="NB-SRV", name="NATSO BACKUP+ Serveur", unit_cents=11_988, key_product=5)
    old = one(ActivationKey)
    at(datetime(2027, 5, 23, 9, tzinfo=UTC))
    owner = browser(house.owner)
    answer = change(owner, subscription, kind="plan", product=server.uid, when="now")
    assert answer.status_code == 303, answer.text
    assert (stored(subscription).product_name, subscription.unit_cents) == (server.name, 11_988)
    new = one(ActivationKey)
    assert (new.product, new.seats, new.valid_through) == (server.name, 3, date(2027, 11, 22))
    assert (new.id != old.id, stored(old).revoked_at is not None) == (True, True)
    assert one(Charge).unit_cents == 3 * 6_000 * 184 // 365
    assert (
        browser().post("/api/v1/activations", json={"key": old.code, "fingerprint": "m"}).status_code == 410
    )
    assert (
        browser().post("/api/v1/activations", json={"key": new.code, "fingerprint": "m"}).status_code == 201
    )


def test_another_edition_on_the_anchor_day_bills_the_new_year_at_its_price(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house)
    server = a_product(house, code="NB-SRV", name="NATSO BACKUP+ Serveur", unit_cents=11_988, key_product=5)
    assert (
        change(browser(house.owner), subscription, kind="plan", product=server.uid, when="next").status_code
        == 303
    )
    assert stored(subscription).product_name != server.name
    live(at, 2027, 11, 23)
    assert (stored(subscription).product_name, one(SubscriptionChange).charge_cents) == (server.name, 0)
    invoice = bill("2027-11")
    assert invoice.gross_cents == 3 * 11_988
    assert invoice.lines[0].label.startswith(server.name)


def a_grown(house: House, browser: Browser, volume: str = "800", **typed: str) -> Subscription:
    """Do'BaaS since 15 January 2026, 300 euros a month for 500 GB, billed through 14 December."""
    subscription = dobaas(house)
    subscription.volume_gb = 500
    db.session.commit()
    answer = change(browser(house.owner), subscription, kind="volume", volume_gb=volume, **typed)
    assert answer.status_code == 303, answer.text
    return subscription


def test_004_36_a_larger_volume_is_signed_priced_from_the_next_due_date_and_commits_again(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_grown(house, browser, price="450")
    row = one(SubscriptionChange)
    assert (row.state, stored(subscription).volume_gb) == (ChangeState.ASKED, 500)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    asked = Event(date(2026, 12, 1), "price_change", {"effective_on": date(2026, 12, 1)})
    told = simulate(replace(bare_case(subscription), events=(asked,)))
    assert sign(browser).status_code == 303
    row = stored(one(SubscriptionChange))
    assert (row.state, row.effective_on) == (ChangeState.AGREED, date(2026, 12, 15))
    assert (row.committed_until, row.clause) == (date(2029, 12, 15), "004-36")
    answers = told.find("price_applies"), told.find("recommitted_until")
    assert [each.on for each in answers if each] == [row.effective_on, row.committed_until]
    assert len(subscription.amendments) == 1
    assert stored(subscription).amendments[0].document.filename == "avenant-2026-12-01.pdf"
    live(at, 2026, 12, 14)
    assert (stored(subscription).volume_gb, subscription.unit_cents) == (500, 30_000)
    live(at, 2026, 12, 15)
    assert (stored(subscription).volume_gb, subscription.unit_cents) == (800, 45_000)
    assert subscription.term_ends_on(clock.today()) == date(2029, 12, 15)
    assert subscription.period_ends_on == date(2029, 12, 15)
    assert bill("2026-12").net_cents == 45_000
    ends = browser(house.owner).get(
        f"/subscriptions/{subscription.uid}/termination?sent_on=2026-12-15&reason=none"
    )
    assert "15 décembre 2029" in ends.text


def test_004_36_a_period_that_was_billed_before_pays_the_rest_of_its_difference(
    house: House, browser: Browser, at: At
) -> None:
    subscription = dobaas(house, billed_before=date(2027, 1, 15))
    subscription.volume_gb = 500
    db.session.commit()
    answer = change(browser(house.owner), subscription, kind="volume", volume_gb=800, price="450")
    assert answer.status_code == 303
    assert sign(browser).status_code == 303
    live(at, 2026, 12, 15)
    assert one(Charge).unit_cents == 15_000


def test_004_36_the_price_list_gives_the_price_where_it_reaches(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    subscription.volume_gb = 500
    grid = VolumePrice(
        organisation=house.provider, product_id=subscription.product_id, up_to_gb=1000, cents=52_000
    )
    db.session.add(grid)
    db.session.commit()
    path = f"/subscriptions/{subscription.uid}/change?kind=volume&volume_gb="
    owner = browser(house.owner)
    assert "520,00" in owner.get(path + "900").text
    assert "indiquez le prix convenu" in unescape(owner.get(path + "2000").text)


def test_004_36_less_than_what_is_stored_is_refused(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    subscription.volume_gb = 500
    vault = register_vault(subscription.customer, name="Serveur", location="/nowhere")
    vault.subscription_uid, vault.bytes_stored = subscription.uid, 450 * 10**9
    db.session.commit()
    answer = change(browser(house.owner), subscription, kind="volume", volume_gb=400, price="200")
    assert (answer.status_code, "450 Go sont déjà stockés" in unescape(answer.text)) == (422, True)


def test_004_36_the_signatory_refuses_and_everything_stays(house: House, browser: Browser, at: At) -> None:
    subscription = a_grown(house, browser, price="450")
    set_scope(EVERYTHING)
    body = one(Mail).body
    path = re.search(r"/amendment/\S+", body).group()  # type: ignore[union-attr]
    assert browser().post(f"{path}/refusal", data={"reason": "Trop cher"}).status_code == 303
    row = stored(one(SubscriptionChange))
    assert (row.state, row.refusal_reason) == (ChangeState.REFUSED, "Trop cher")
    assert browser().post(f"{path}/refusal", data={"reason": "Trop cher"}).status_code == 409
    live(at, 2026, 12, 15)
    assert (stored(subscription).volume_gb, bill("2026-12").net_cents) == (500, 30_000)


def test_a_monthly_change_at_the_next_due_date_is_not_owed_twice(
    house: House, browser: Browser, at: At
) -> None:
    subscription = dropcloud(house)  # 12 euros a month with VAT, billed through 14 December
    assert (
        change(browser(house.owner), subscription, kind="seats", quantity=2, when="next").status_code == 303
    )
    assert one(SubscriptionChange).effective_on == date(2026, 12, 15)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert bill("2026-12").gross_cents == 2_400, "billed before its day, with the quantity of its day"
    live(at, 2026, 12, 15)
    assert stored(subscription).quantity == 2
    mine = Charge.origin.startswith("change:")
    assert db.session.scalars(db.select(Charge).where(mine)).all() == []


def test_a_customer_changes_her_own_at_the_listed_price_only(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    subscription.volume_gb = 500
    person = a_user(subscription.customer.organisation, Role.CUSTOMER)
    billing = a_user(subscription.customer.organisation, Role.BILLING, "billing")
    db.session.commit()
    path = f"/subscriptions/{subscription.uid}/change"
    own = browser(person)
    assert path in own.get(f"/subscriptions/{subscription.uid}").text
    assert 'name="price"' not in own.get(path).text
    answer = own.post(path, data={"kind": "volume", "volume_gb": "800", "price": "1", "when": "now"})
    assert (answer.status_code, "grille tarifaire" in answer.text) == (422, True)
    assert browser(billing).get(path).status_code == 403


def test_an_english_page_says_it_in_english(house: House, browser: Browser) -> None:
    subscription, owner = a_year(house), browser(house.owner)
    path = f"/subscriptions/{subscription.uid}/change?kind=seats&quantity=5&when=now"
    page = owner.get(path, headers={"Accept-Language": "en"}).text
    assert "Change the subscription" in page
    assert "Order with obligation to pay" in page, "whoever owes more says so on the button"


def test_004_36_a_gap_leads_to_the_change_that_settles_it(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    subscription.volume_gb = 500
    db.session.commit()
    gap = note_gap(subscription, GapKind.VOLUME, 640)
    db.session.commit()
    owner = browser(house.owner)
    page = owner.get(f"/usage-gaps/{gap.uid}").text
    path = unescape(re.search(r'href="(/subscriptions/[^"]*/change[^"]*)"', page).group(1))  # type: ignore[union-attr]
    assert 'value="640"' in owner.get(path).text
    assert change(owner, subscription, kind="volume", volume_gb=640, price="380").status_code == 303
    assert stored(gap).state == GapState.OPEN, "not signed yet"
    assert sign(browser).status_code == 303
    assert stored(gap).state == GapState.DISMISSED


def test_001_14_while_a_renewal_is_to_be_paid_nothing_changes_what_was_asked_for(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house, "dropcloud")
    live(at, 2027, 10, 7)
    asked = one(Proforma)
    assert asked.period_on == date(2027, 11, 23)
    answer = change(browser(house.owner), subscription, kind="seats", quantity=5, when="now")
    assert (answer.status_code, asked.number in answer.text) == (422, True)
    assert stored(subscription).quantity == 3


def test_001_14_a_change_that_was_agreed_before_is_on_the_renewals_pro_forma(
    house: House, browser: Browser, at: At
) -> None:
    subscription = a_year(house, "dropcloud")
    at(datetime(2027, 6, 1, 9, tzinfo=UTC))
    assert (
        change(browser(house.owner), subscription, kind="seats", quantity=5, when="next").status_code == 303
    )
    live(at, 2027, 10, 7)
    assert one(Proforma).gross_cents == 5 * 5_988


def test_one_due_change_that_fails_does_not_hold_up_the_others_and_is_told(
    house: House, browser: Browser, at: At
) -> None:
    broken = a_year(house)
    server = a_product(house, code="NB-SRV", name="NATSO BACKUP+ Serveur", unit_cents=11_988, key_product=5)
    owner = browser(house.owner)
    assert change(owner, broken, kind="plan", product=server.uid, when="next").status_code == 303
    customer = a_customer(house.reseller, accepted="natso", siren=None)
    order = place_order(customer, broken.product, 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 23), amount_cents=17_964, reference="V2", by=SYSTEM)
    db.session.commit()
    sound = one(Subscription)
    assert change(owner, sound, kind="seats", quantity=5, when="next").status_code == 303
    db.session.delete(db.session.merge(server))  # what the first one waits for is gone
    db.session.commit()
    live(at, 2027, 11, 23)
    assert (stored(sound).quantity, stored(broken).product_name) == (5, "NATSO BACKUP+ Poste de travail")
    failed = db.session.scalars(db.select(jobs.Task).where(jobs.Task.kind == "changes.carry_out")).all()
    assert sorted(task.error != "" for task in failed) == [False, True]
