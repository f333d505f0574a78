"""Stored volume by day, and machines beside the seats that were bought: shown, never charged."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from flask.testing import FlaskClient

from portal.backups.models import UsageSample
from portal.backups.receive import receive_report
from portal.backups.trend import HEIGHT, MARGIN, WIDTH, Trend, usage_trend
from portal.backups.usage import usage_of
from portal.billing.models import Charge
from portal.db import db
from portal.engine.jobs import measure_every_vault
from portal.engine.models import Vault, register_vault
from tests.backups.reporting import NIGHT, a_key, a_machine, a_person, a_report, a_usage, of_natso
from tests.builders import House, a_customer, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
DAY = timedelta(days=1)


def a_vault(house: House) -> Vault:
    vault = register_vault(a_customer(house.reseller), name="V", location="/nowhere")
    db.session.commit()
    return vault


def samples() -> list[tuple[date, int]]:
    rows = db.session.scalars(db.select(UsageSample).order_by(UsageSample.sampled_on)).all()
    db.session.expire_all()
    return [(row.sampled_on, row.bytes_stored) for row in rows]


def test_a_vault_has_one_sample_a_day_the_last_measure_of_it(house: House, at: At) -> None:
    vault = a_vault(house)
    for stored in (100, 300, 200):
        vault.measured(a_usage(stored))
        db.session.commit()
    at(NIGHT + DAY)
    vault.measured(a_usage(250))
    assert samples() == [(date(2026, 11, 23), 200), (date(2026, 11, 24), 250)]


def test_a_measure_touches_the_samples_of_its_own_vault_and_day_only(house: House, at: At) -> None:
    first, second = a_vault(house), a_vault_more(house)
    first.measured(a_usage(100))
    second.measured(a_usage(10))
    at(NIGHT + DAY)
    for stored in (200, 300):
        first.measured(a_usage(stored))
    rows = db.session.execute(db.select(UsageSample.vault_id, UsageSample.bytes_stored)).all()
    assert sorted(rows) == [(first.id, 100), (first.id, 300), (second.id, 10)]


def test_the_day_of_a_sample_is_the_one_of_paris(house: House, at: At) -> None:
    at(NIGHT.replace(hour=23, minute=30))  # half past midnight on the 24th
    a_vault(house).measured(a_usage(1))
    assert samples() == [(date(2026, 11, 24), 1)]


def test_the_job_that_measures_takes_the_sample(house: House, tmp_path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("config", "data/ab", "keys", "snapshots", "index", "locks"):
        place = tmp_path / name
        place.write_bytes(b"x" * 10) if name == "config" else place.mkdir()
    (tmp_path / "keys" / ("0" * 64)).write_bytes(b"x")
    vault = register_vault(a_customer(house.reseller), name="V", location=str(tmp_path))
    db.session.commit()
    measure_every_vault()
    work()
    db.session.expire_all()
    assert vault.measure_fault is None
    assert samples() == [(date(2026, 11, 23), vault.bytes_stored)]


def test_a_failed_measure_is_no_sample(house: House) -> None:
    a_vault(house)
    measure_every_vault()
    work()
    assert samples() == []


def test_the_trend_adds_up_vaults_and_keeps_a_day_without_measure(house: House, at: At) -> None:
    first, second = a_vault(house), a_vault_more(house)
    first.measured(a_usage(100))
    second.measured(a_usage(10))
    assert usage_trend([first, second]) is None  # one day is no trend
    at(NIGHT + DAY)
    first.measured(a_usage(150))
    at(NIGHT + 3 * DAY)
    second.measured(a_usage(50))
    trend = usage_trend([first, second])
    assert trend is not None
    assert [value for _day, value in trend.points] == [110, 160, 200]
    assert (trend.last[0] - trend.first[0]).days == 3


def a_vault_more(house: House) -> Vault:
    vault = register_vault(a_customer(house.reseller, siren=None), name="W", location="/nowhere/else")
    db.session.commit()
    return vault


def test_the_drawing_stays_inside_its_frame() -> None:
    start = date(2026, 1, 1)
    trend = Trend(((start, 0), (start + DAY, 10**15), (start + 10 * DAY, 5 * 10**14)))
    points = [tuple(map(int, pair.split(","))) for pair in trend.line.split()]
    assert points == [(6, 114), (64, 6), (594, 60)]
    assert all(MARGIN <= x <= WIDTH - MARGIN and MARGIN <= y <= HEIGHT - MARGIN for x, y in points)
    assert Trend(((start, 0), (start + DAY, 0))).line == "6,114 594,114"


def test_the_subscription_shows_machines_seen_beside_seats_bought(
    house: House, browser: Browser, at: At
) -> None:
    machine, subscription = of_natso(house)
    receive_report(machine, a_report())
    a_machine(machine.activation.key, "muette")
    elsewhere = a_machine(a_key(machine.customer, source_uid="other"), "ailleurs")
    receive_report(elsewhere, a_report())
    usage = usage_of(subscription)
    assert (usage.machines_seen, usage.machines_activated, usage.seats) == (1, 2, 5)
    assert not usage.is_over
    client = browser(a_person(subscription.customer.organisation))
    text = client.get(f"/subscriptions/{subscription.uid}").text
    assert "1 sur 5 postes achetés" in text
    assert "Plus de machines que de postes" not in text
    at(NIGHT + 31 * DAY)
    assert usage_of(subscription).machines_seen == 0


def test_more_machines_than_seats_is_a_warning_and_no_charge(house: House, browser: Browser) -> None:
    machine, subscription = of_natso(house)
    for number in range(4):
        receive_report(a_machine(machine.activation.key, f"m{number}"), a_report())
    charges = db.session.scalars(db.select(Charge)).all()
    assert (usage_of(subscription).machines_activated, usage_of(subscription).is_over) == (5, False)
    subscription.quantity = 4  # a smaller renewal
    assert usage_of(subscription).is_over
    text = browser(house.owner).get(f"/subscriptions/{subscription.uid}").text
    assert "Plus de machines que de postes achetés" in text
    assert db.session.scalars(db.select(Charge)).all() == charges


def test_the_vaults_page_draws_the_trend_and_says_the_figures(house: House, browser: Browser, at: At) -> None:
    vault = a_vault(house)
    vault.measured(a_usage(1000))
    assert "trend-line" not in browser(house.owner).get(f"/vaults/{vault.uid}").text
    at(NIGHT + DAY)
    vault.measured(a_usage(3000))
    text = browser(house.owner).get(f"/vaults/{vault.uid}").text
    assert 'class="trend-line" points="6,78 594,6"' in text
    assert "style=" not in text
