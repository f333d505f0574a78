"""Volume and machines as charges: on demand after the month, above the contract when a person decides."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.backups.gaps import GapKind, GapState, UsageGap, compare_usage
from portal.backups.interim import note_unusual_usage
from portal.backups.models import UsageSample
from portal.backups.receive import receive_report
from portal.billing.models import Charge, Invoice
from portal.billing.rules import metered_gb
from portal.billing.run import bill_customers
from portal.catalogue.models import Method, Product, VolumePrice
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.engine.models import Vault, register_vault
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order
from tests.backups.reporting import a_key, a_machine, a_report, of_natso
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.subscriptions.builders import a_flat_product, a_monthly_product
from tests.test_csv_file import table

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
GB = 10**9


def running(house: House, product: Product, accepted: str, quantity: int = 1, **values: Any) -> Subscription:
    customer = a_customer(house.reseller, accepted=accepted, siren=None)
    order = place_order(customer, product, quantity, Method.DIRECT_DEBIT, by=SYSTEM, **values)
    subscription = order.deliver(by=SYSTEM)
    db.session.commit()
    return subscription


@pytest.fixture
def on_demand(house: House, at: At) -> Subscription:
    at(datetime(2026, 10, 1, 8, tzinfo=UTC))
    product = a_monthly_product(
        house, terms_stack="numspot", gb_month_cents=3, price_includes_vat=False, unit_cents=25_000
    )
    return running(house, product, "numspot")


@pytest.fixture
def shared(house: House) -> Subscription:
    """Ten users with 50 GB each, under the contract that has a public price list."""
    product = a_monthly_product(house, included_gb=50)
    for up_to_gb, cents in ((500, 12_000), (1_000, 21_600), (2_000, 38_400)):
        db.session.add(
            VolumePrice(organisation=house.provider, product=product, up_to_gb=up_to_gb, cents=cents)
        )
    return running(house, product, "dropcloud", 10)


def a_vault_of(subscription: Subscription, stored_gb: int | None = None) -> Vault:
    vault = register_vault(
        subscription.customer, name="V", location=f"/nowhere/{new_uid()}", subscription_uid=subscription.uid
    )
    vault.bytes_stored = stored_gb * GB if stored_gb is not None else None
    db.session.commit()
    return vault


def samples(vault: Vault, first: date, days: int, gb: int) -> None:
    owner = vault.customer.organisation
    for number in range(days):
        day = first + timedelta(days=number)
        db.session.add(
            UsageSample(organisation=owner, vault_id=vault.id, bytes_stored=gb * GB, sampled_on=day)
        )
    db.session.commit()


def test_004_43_an_early_end_is_charged_by_the_mean_month_of_what_was_used(
    house: House, browser: Browser, at: At
) -> None:
    """100, 200 and 300 GB in three months at 0.10: 20.00 a mean month, until the end of the 36 months."""
    at(datetime(2026, 1, 1, 8, tzinfo=UTC))
    subscription = running(house, a_flat_product(house, gb_month_cents=10), "dobaas")
    at(datetime(2026, 4, 1, 8, tzinfo=UTC))
    vault = a_vault_of(subscription)
    for month, days, gb in ((4, 30, 100), (5, 31, 200), (6, 30, 300), (7, 9, 900)):
        samples(vault, date(2026, month, 1), days, gb)
    at(datetime(2026, 7, 10, 8, tzinfo=UTC))
    client, address = browser(house.owner), f"/subscriptions/{subscription.uid}/termination"
    shown = client.get(f"/contracts/{subscription.uid}/leaving?day=2026-07-10&reason=none&early=y").text
    assert "474,74" in shown and "004-43" in shown and "Moyenne de 200 par mois × 0,1" in shown
    form = {"sent_on": "2026-07-10", "reason": "none", "early": "y"}
    assert client.post(address, data=form).status_code == 303
    assert stored(subscription).ends_on == date(2027, 1, 10)
    charge = db.session.scalars(
        db.select(Charge).where(Charge.origin == f"metered-end-penalty:{subscription.uid}")
    ).one()
    # 722 days until 1 January 2029: 20.00 x 722 x 12 / 365
    assert (charge.unit_cents, charge.clause, charge.includes_vat) == (47_474, "004-43", False)


def usage_charges() -> list[tuple[str, int, int, str]]:
    query = db.select(Charge).where(Charge.origin.startswith("usage:")).order_by(Charge.origin)
    return [(one.origin[-7:], one.quantity, one.unit_cents, one.clause) for one in db.session.scalars(query)]


def bill(subscription: Subscription, until: date) -> list[Invoice]:
    made = bill_customers([subscription.customer], issuer_for(subscription.customer), until)
    db.session.commit()
    return made


@pytest.mark.parametrize(
    ("daily", "days", "gb"),
    [(31 * 100 * GB, 31, 100), (31 * 100 * GB - 1, 31, 99), (0, 30, 0), (15 * 100 * GB, 30, 50)],
)
def test_a_month_is_its_mean_in_whole_gigabytes(daily: int, days: int, gb: int) -> None:
    assert metered_gb(daily, days) == gb


@pytest.mark.parametrize(("decision", "gb"), [("dismissal", 150), ("billing", 300)])
def test_003_48_what_was_kept_on_demand_is_owed_once_the_month_is_over(
    house: House, on_demand: Subscription, at: At, browser: Browser, decision: str, gb: int
) -> None:
    vault = a_vault_of(on_demand)
    samples(vault, date(2026, 10, 1), 31, 200)
    samples(a_vault_of(on_demand), date(2026, 10, 1), 31, 50)  # a second vault of the same contract
    samples(vault, date(2026, 11, 1), 15, 300)
    bill(on_demand, date(2026, 10, 31))
    assert usage_charges() == []  # October is not over on the 1st
    at(datetime(2026, 11, 2, 8, tzinfo=UTC))
    (invoice,) = bill(on_demand, date(2026, 11, 30))
    assert usage_charges() == [("2026-10", 250, 3, "003-48")]
    assert invoice.net_cents == 25_000 + 750  # November's fee in advance, October's volume in arrears
    bill(on_demand, date(2026, 11, 30))
    assert len(usage_charges()) == 1
    at(datetime(2026, 12, 1, 8, tzinfo=UTC))
    bill(on_demand, date(2026, 12, 31))
    assert len(usage_charges()) == 1, "45 days of two vaults were not measured: never counted as nothing"
    (gap,) = gaps()
    assert (gap.kind, gap.contracted, gap.used) == (GapKind.MEASURE, 60, 15)
    answer = browser(house.finance).post(
        f"/usage-gaps/{gap.uid}/{decision}", data={"note": "panne de mesure"}
    )
    assert answer.status_code == 303
    bill(on_demand, date(2026, 12, 31))
    assert usage_charges()[1] == ("2026-11", gb, 3, "003-48")


def test_a_run_of_an_earlier_month_leaves_the_later_ones(on_demand: Subscription, at: At) -> None:
    samples(a_vault_of(on_demand), date(2026, 10, 1), 61, 100)
    at(datetime(2027, 1, 2, 8, tzinfo=UTC))
    bill(on_demand, date(2026, 10, 31))
    assert [row[0] for row in usage_charges()] == ["2026-10"]


def test_nothing_is_owed_before_the_contract_or_after_its_end(on_demand: Subscription, at: At) -> None:
    vault = a_vault_of(on_demand)
    samples(vault, date(2026, 9, 1), 30, 1_000)
    samples(vault, date(2026, 10, 1), 31, 310)
    on_demand.give_notice(
        sent_on=date(2026, 10, 5), ends_on=date(2026, 10, 11), reason="switch", fields={}, by=SYSTEM
    )
    db.session.commit()
    at(datetime(2026, 11, 2, 8, tzinfo=UTC))
    bill(on_demand, date(2026, 11, 30))
    assert usage_charges() == [("2026-10", 100, 3, "003-48")]  # ten days of 310 GB


def gaps() -> list[UsageGap]:
    return list(db.session.scalars(db.select(UsageGap).order_by(UsageGap.id)))


def compare() -> None:
    compare_usage()
    db.session.commit()


def test_001_17_the_price_list_says_what_more_volume_than_ordered_costs(shared: Subscription) -> None:
    assert shared.volume_gb == 500
    vault = a_vault_of(shared, 500)
    compare()
    assert gaps() == []
    vault.bytes_stored = 620 * GB
    compare()
    (gap,) = gaps()
    assert (gap.kind, gap.contracted, gap.used, gap.extra_cents) == (GapKind.VOLUME, 500, 620, 9_600)
    assert gap.clause is not None and gap.clause.clause == "001-17"
    vault.bytes_stored = 1_500 * GB
    compare()
    assert [(one.used, one.extra_cents) for one in gaps()] == [(1_500, 26_400)]
    vault.bytes_stored = 600 * GB  # less again, but it was seen
    compare()
    assert [one.used for one in gaps()] == [1_500]
    assert db.session.scalars(db.select(Charge)).all() == []  # nothing by itself


def test_001_17_beyond_the_price_list_there_is_no_price(shared: Subscription) -> None:
    a_vault_of(shared, 2_001)
    compare()
    (gap,) = gaps()
    assert gap.extra_cents is None
    with pytest.raises(Refused, match="avenant"):
        gap.bill(by=SYSTEM)


def test_002_03_a_contract_without_price_list_is_shown_without_a_price(house: House) -> None:
    subscription = running(house, a_flat_product(house, included_gb=1_000), "dobaas", volume_gb=700)
    assert subscription.volume_gb == 700  # as the order form says
    a_vault_of(subscription, 800)
    compare()
    (gap,) = gaps()
    assert (gap.contracted, gap.extra_cents) == (700, None)
    assert gap.clause is not None and gap.clause.clause == "002-03"


def test_a_new_period_asks_again_and_a_decision_stays(shared: Subscription, at: At) -> None:
    a_vault_of(shared, 620)
    compare()
    gaps()[0].dismiss("migration en cours", by=SYSTEM)
    compare()
    assert [one.state for one in gaps()] == [GapState.DISMISSED]
    at(clock.now() + timedelta(days=31))
    compare()
    assert [one.state for one in gaps()] == [GapState.DISMISSED, GapState.OPEN]


def test_a_contract_that_has_ended_has_no_gap(shared: Subscription, at: At) -> None:
    a_vault_of(shared, 620)
    today = clock.today()
    shared.give_notice(
        sent_on=today, ends_on=today + timedelta(days=1), reason="switch", fields={}, by=SYSTEM
    )
    db.session.commit()
    at(clock.now() + timedelta(days=1))
    compare()
    assert gaps() == []


def test_000_58_more_machines_than_seats_are_noted(house: House) -> None:
    machine, subscription = of_natso(house)
    other = a_key(machine.customer, source_uid=subscription.order_uid, seats=9)
    for number in range(5):
        receive_report(a_machine(other, f"poste-{number + 2}"), a_report(f"run-{number}"))
    compare()
    assert gaps() == []
    receive_report(machine, a_report("own"))
    compare()
    (gap,) = gaps()
    assert (gap.kind, gap.contracted, gap.used, gap.extra_cents) == (GapKind.SEATS, 5, 6, None)
    assert gap.clause is not None and gap.clause.clause == "000-58"


def test_finance_bills_the_difference_once(house: House, browser: Browser, shared: Subscription) -> None:
    a_vault_of(shared, 620)
    compare()
    (gap,) = gaps()
    finance = browser(house.finance)
    page = finance.get("/usage-gaps").get_data(as_text=True)
    assert "620" in page and "96,00" in page and "001-17" in page
    assert finance.post(f"/usage-gaps/{gap.uid}/billing").status_code == 303
    again = finance.post(f"/usage-gaps/{gap.uid}/billing")
    assert again.status_code == 409
    assert "facturé" in again.text and "gap_billed" not in again.text
    (charge,) = db.session.scalars(db.select(Charge)).all()
    assert (charge.quantity, charge.unit_cents, charge.includes_vat) == (1, 9_600, True)
    assert charge.clause == "001-17" and "620 Go pour 500 Go" in charge.label
    invoice = bill(shared, clock.today())[0]
    assert invoice.gross_cents == 12_000 + 9_600
    shown = finance.get(f"/subscriptions/{shared.uid}").get_data(as_text=True)
    assert "Volume prévu au contrat" in shown and "001-17" in shown


def test_an_ignored_gap_needs_its_reason(house: House, browser: Browser, shared: Subscription) -> None:
    a_vault_of(shared, 620)
    compare()
    (gap,) = gaps()
    finance = browser(house.finance)
    refused = finance.post(f"/usage-gaps/{gap.uid}/dismissal", data={"note": " "})
    assert refused.status_code == 422
    assert "Écrivez une note" in refused.get_data(as_text=True)
    assert finance.post(f"/usage-gaps/{gap.uid}/dismissal", data={"note": "geste"}).status_code == 303
    assert stored(gap).state == GapState.DISMISSED
    assert "geste" in finance.get("/usage-gaps").get_data(as_text=True)


def test_the_owner_of_a_reseller_sees_the_gaps_of_his_customers_and_decides_none(
    house: House, browser: Browser, shared: Subscription
) -> None:
    a_vault_of(shared, 620)
    compare()
    (gap,) = gaps()
    owner = browser(house.owner)
    assert 'href="/usage-gaps"' in owner.get("/billing/invoices").text
    rows = owner.get("/usage-gaps").text
    assert f'href="/usage-gaps/{gap.uid}"' in rows and "620" in rows and "96,00" in rows
    page = owner.get(f"/usage-gaps/{gap.uid}").text
    assert "001-17" in page and f"/usage-gaps/{gap.uid}/billing" not in page
    assert owner.post(f"/usage-gaps/{gap.uid}/billing").status_code == 404
    assert owner.post("/lists/usage-gaps/bill", data={"uid": gap.uid}).status_code == 403
    stranger = browser(an_outsider(house))
    assert gap.uid not in stranger.get("/usage-gaps").text
    assert stranger.get(f"/usage-gaps/{gap.uid}").status_code == 404


def test_gaps_are_listed_undecided_first_and_by_state_and_period(
    house: House, browser: Browser, shared: Subscription, at: At
) -> None:
    a_vault_of(shared, 620)
    compare()
    old = gaps()[0]
    at(clock.now() + timedelta(days=31))
    compare()
    gaps()[1].dismiss("geste", by=SYSTEM)
    db.session.commit()
    finance = browser(house.finance)
    found = [gaps()[0].uid, gaps()[1].uid]
    assert re.findall(r'href="/usage-gaps/([a-z2-7]+)"', finance.get("/usage-gaps").text) == found
    one = re.findall(r'href="/usage-gaps/([a-z2-7]+)"', finance.get("/usage-gaps?state=gap_open").text)
    assert one == [old.uid]
    head, *rows = table(finance.get("/lists/usage-gaps/file.csv?state=gap_dismissed").text)
    assert [(row[head.index("Utilisé")], row[head.index("Différence")]) for row in rows] == [("620", "96,00")]
    wanted = f"period_to={old.period_on.isoformat()}"
    assert re.findall(r'href="/usage-gaps/([a-z2-7]+)"', finance.get(f"/usage-gaps?{wanted}").text) == one


def test_chosen_gaps_are_billed_at_once_and_one_without_a_price_stops_no_other(
    house: House, browser: Browser, shared: Subscription
) -> None:
    a_vault_of(shared, 620)
    compare()
    without = running(house, a_flat_product(house, included_gb=1_000), "dobaas", volume_gb=700)
    a_vault_of(without, 800)
    compare()
    chosen = {"uid": [gap.uid for gap in gaps()]}
    finance = browser(house.finance)
    answer = finance.post("/lists/usage-gaps/bill", data=chosen)
    assert "avenant" in finance.get(answer.headers["Location"]).text
    assert sorted(stored(gap).state for gap in gaps()) == [GapState.BILLED, GapState.OPEN]


def test_the_operator_says_what_an_offer_includes(house: House, browser: Browser) -> None:
    product = a_monthly_product(house)
    operator = browser(house.operator)
    where = f"/prices/{product.uid}"
    assert operator.post(f"{where}/volume", data={"included_gb": "0"}).status_code == 422
    said = {"included_gb": "50", "gb_month_cents": "0,02"}
    assert operator.post(f"{where}/volume", data=said).status_code == 303
    assert (stored(product).included_gb, product.gb_month_cents) == (50, 2)
    for up_to, price in (("500", "120"), ("1000", "216"), ("1000", "200,50")):
        done = operator.post(f"{where}/grid", data={"up_to_gb": up_to, "grid_cents": price})
        assert done.status_code == 303
    rows = [(row.up_to_gb, row.cents) for row in stored(product).volume_prices]
    assert rows == [(500, 12_000), (1_000, 20_050)]
    wrong = operator.post(f"{where}/grid", data={"up_to_gb": "1", "grid_cents": "cher"})
    assert wrong.status_code == 422 and 'value="cher"' in wrong.get_data(as_text=True)
    row = product.volume_prices[0]
    assert operator.post(f"/prices/grid/{row.uid}/removal").status_code == 303
    assert [row.up_to_gb for row in stored(product).volume_prices] == [1_000]
    assert "200,50" in operator.get(where).get_data(as_text=True)


def test_the_order_form_takes_the_contracted_volume(house: House, browser: Browser) -> None:
    product = a_flat_product(house, included_gb=1_000)
    customer = a_customer(house.reseller, accepted="dobaas")
    owner = browser(house.owner)
    data = {"product": product.uid, "quantity": "2", "method": "direct_debit"}
    where = f"/customers/{customer.uid}/orders"
    assert owner.post(where, data={**data, "volume_gb": "beaucoup"}).status_code == 422
    assert owner.post(where, data={**data, "volume_gb": "1500"}).status_code == 303
    assert owner.post(where, data=data).status_code == 303
    orders = db.session.scalars(db.select(Order).order_by(Order.id)).all()
    assert [order.volume_gb for order in orders] == [1_500, 2_000]
    shown = owner.get(f"/orders/{orders[0].uid}").get_data(as_text=True)
    assert "Volume prévu au contrat" in shown and "1\u202f500" in shown and "002-03" in shown


def test_003_46_a_month_far_beyond_the_usual_is_billed_before_it_ends_and_deducted_at_its_end(
    house: House, on_demand: Subscription, at: At, browser: Browser
) -> None:
    """200 GB in October; 1,500 GB a day in November are 500 GB-months on the 10th, beyond twice."""
    vault = a_vault_of(on_demand)
    samples(vault, date(2026, 10, 1), 31, 200)
    samples(vault, date(2026, 11, 1), 6, 1_500)
    at(datetime(2026, 11, 7, 8, tzinfo=UTC))
    finance = browser(house.finance)
    bill(on_demand, date(2026, 11, 30))
    note_unusual_usage()
    db.session.commit()
    assert gaps() == [], "300 GB are no more than twice 200"
    samples(vault, date(2026, 11, 7), 4, 1_500)
    at(datetime(2026, 11, 10, 20, tzinfo=UTC))
    finance = browser(house.finance)
    jobs.run_periodic()
    set_scope(EVERYTHING)
    work()
    set_scope(EVERYTHING)
    (gap,) = gaps()
    assert (gap.kind, gap.contracted, gap.used, gap.extra_cents) == (GapKind.UNUSUAL, 200, 500, 1_500)
    assert "usage.gap" in [each["kind"] for each in finance.get("/today.json").get_json()["todo"]]
    page = finance.get(f"/usage-gaps/{gap.uid}").text
    assert "003-46" in page and "Facturer ce qui est utilisé" in page and "500" in page
    sent = finance.post(f"/usage-gaps/{gap.uid}/billing")
    assert sent.status_code == 303 and "/billing/invoices/" in sent.location
    assert finance.post(f"/usage-gaps/{gap.uid}/billing").status_code == 409
    invoice = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc())).first()
    assert invoice is not None and (invoice.net_cents, invoice.due_on) == (1_500, date(2026, 11, 30))
    samples(vault, date(2026, 11, 11), 20, 150)
    at(datetime(2026, 12, 2, 8, tzinfo=UTC))
    (last,) = bill(on_demand, date(2026, 12, 31))
    november = [(line.quantity, line.unit_cents) for line in last.lines if line.clause == "003-48"]
    assert november == [(100, 3)], "600 GB-months, of which 500 are billed"
    assert any("moins 500 Go déjà facturés" in line.label for line in last.lines)
    assert [row[1] for row in usage_charges()] == [200, 100]


def test_003_46_the_issuer_says_how_far_and_a_month_that_ends_needs_nobody(
    house: House, on_demand: Subscription, at: At, browser: Browser
) -> None:
    vault = a_vault_of(on_demand)
    samples(vault, date(2026, 10, 1), 31, 100)
    samples(vault, date(2026, 11, 1), 10, 900)
    at(datetime(2026, 11, 10, 20, tzinfo=UTC))
    entity = issuer_for(on_demand.customer)
    finance, address = browser(house.finance), f"/billing/settings/{entity.uid}"
    choices = {
        "quote_days": "30",
        "wire_tolerance_cents": "1",
        "key_grace_days": "14",
        "interim_percent": "0",
    }
    assert finance.post(address, data={**choices, "interim_percent": "x"}).status_code == 422
    assert finance.post(address, data=choices).status_code == 303
    note_unusual_usage()
    assert gaps() == []
    assert finance.post(address, data={**choices, "interim_percent": "250"}).status_code == 303
    note_unusual_usage()
    db.session.commit()
    (gap,) = gaps()
    at(datetime(2026, 12, 2, 8, tzinfo=UTC))
    assert browser(house.finance).post(f"/usage-gaps/{gap.uid}/billing").status_code == 422
    note_unusual_usage()
    db.session.commit()
    assert stored(gap).state == GapState.DISMISSED
