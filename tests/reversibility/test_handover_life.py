"""Quote and payment, the sealed copy, losses, two people, reminders, data that nobody asked for."""

import tarfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.billing.models import Invoice
from portal.blobs import content_of
from portal.custody.models import AccessState, open_access
from portal.db import db
from portal.jobs import TaskState
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.reversibility.calendar_jobs import look_for_unclaimed, remind
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.reversibility.price import start_what_is_paid
from tests import vaulting
from tests.builders import a_customer, a_user, stored, work
from tests.conftest import MONDAY
from tests.reversibility.test_views import PAID, ask, exports, pass_code, pdf_text, release, the_case
from tests.vaulting import link_in, unlock

C = CaseState


@pytest.fixture
def owner(browser, house):
    return browser(house.owner)


def subjects(uid: str) -> list[str]:
    query = select(Mail.subject).where(Mail.subject_uid == uid).order_by(Mail.id)
    return [subject.replace("\u00a0", " ") for subject in db.session.scalars(query)]


# 003: quote, acceptance, payment, then the data


@pytest.fixture
def quoted(house, repository):
    """A contract whose recovery is quoted, which still runs for a while."""
    customer = a_customer(house.reseller, accepted="numspot")
    subscription = vaulting.a_subscription(customer, terms="numspot", ends_on=date(2026, 12, 1))
    return subscription, vaulting.a_vault(customer, repository, subscription)


def quote(client, case, typed: str):
    return client.post(f"/reversibility/{case.uid}/quote", data={"amount_cents": typed})


def test_003_23_quoted_accepted_paid_then_handed_over(browser, house, agent, quoted, at):
    subscription, vault = quoted
    operator = browser(house.operator)
    assert ask(browser(house.owner), subscription, vault).status_code == 303
    case = the_case()
    assert case.state == C.REQUESTED and "chiffrer" in operator.get(f"/reversibility/{case.uid}").text
    assert quote(operator, case, "beaucoup").status_code == 422
    assert quote(operator, case, "480,00").status_code == 303
    assert stored(case).state == C.QUOTED
    path = link_in(vaulting.last_mail(case.uid))
    client = pass_code(browser(), path)
    assert "480,00" in client.get(path).text
    assert client.post(f"{path}/quote").status_code == 303
    assert (stored(case).state, case.quote_accepted_by) == (C.TO_PAY, "contact@client.example")
    invoice = db.session.scalars(select(Invoice)).one()
    assert (invoice.gross_cents, [line.clause for line in invoice.lines]) == (57_600, ["003-23"])
    page = operator.get(f"/reversibility/{case.uid}").text
    assert invoice.number in page and "576,00" in page
    for wrong in ({"on": ""}, {"on": "2026-11-24"}, {"on": "2026-11-20"}, {"reference": ""}):
        assert operator.post(f"/reversibility/{case.uid}/payment", data=PAID | wrong).status_code == 422
    assert stored(case).state == C.TO_PAY
    assert operator.post(f"/reversibility/{case.uid}/payment", data=PAID).status_code == 303
    assert (stored(case).state, stored(invoice).state) == (C.WAITING_FOR_KEY, "paid")
    at(datetime(2026, 12, 7, 9, tzinfo=UTC))  # after the end that the notice gave
    browser(house.owner).post(f"/reversibility/{case.uid}/key")
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "later"})
    assert stored(subscription).ends_on == date(2026, 12, 7), "the end moves to the day of the data"
    assert case.erasure.value == date(2027, 3, 7), "90 days after that end (003-24)"


def test_a_paid_invoice_starts_the_recovery_by_itself(browser, house, quoted):
    subscription, vault = quoted
    ask(browser(house.owner), subscription, vault)
    case = the_case()
    quote(browser(house.operator), case, "100")
    customer = browser(vaulting.a_customer_user(case.customer))
    assert "Commander avec obligation de paiement" in customer.get(f"/reversibility/{case.uid}").text.replace(
        "’", "'"
    ).replace("&#39;", "'")
    assert customer.post(f"/reversibility/{case.uid}/quote-acceptance").status_code == 303
    start_what_is_paid()
    assert stored(case).state == C.TO_PAY
    invoice = db.session.scalars(select(Invoice)).one()
    invoice.pay(on=date(2026, 11, 23), by=house.finance)
    start_what_is_paid()
    db.session.commit()
    assert (stored(case).state, case.paid_on) == (C.WAITING_FOR_KEY, date(2026, 11, 23))


def test_a_free_quote_starts_at_once_and_a_new_one_replaces_it(browser, house, quoted):
    subscription, vault = quoted
    ask(browser(house.owner), subscription, vault)
    case, operator = the_case(), browser(house.operator)
    quote(operator, case, "100")
    assert quote(operator, case, "0").status_code == 303
    browser(vaulting.a_customer_user(case.customer)).post(f"/reversibility/{case.uid}/quote-acceptance")
    assert stored(case).state == C.WAITING_FOR_KEY
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 0


def test_l5_a_switch_is_quoted_at_its_cost_and_later_at_nothing(browser, house, quoted, at):
    subscription, vault = quoted
    ask(browser(house.operator), subscription, vault, reason="switch", cost="80,00")
    case, operator = the_case(), browser(house.operator)
    refused = quote(operator, case, "80,01")
    assert refused.status_code == 422 and "L5" in refused.text
    assert quote(operator, case, "80,00").status_code == 303
    case.requested_on = date(2027, 1, 12)
    db.session.commit()
    assert quote(operator, case, "0,01").status_code == 422
    assert quote(operator, case, "0").status_code == 303


# The sealed copy


def test_a_sealed_copy_needs_no_passphrase_and_opens_with_restic(
    browser, owner, subscription, own_vault, tmp_path
):
    assert ask(owner, subscription, own_vault, form="sealed").status_code == 303
    case = the_case()
    assert case.state == C.EXPORTING
    work()
    assert stored(case).state == C.READY and case.opening_uid == ""
    names = [document.filename for document in exports(case)]
    assert {"LISEZMOI.txt", "README.txt", "SHA256SUMS"} <= set(names)
    for document in exports(case):
        (tmp_path / document.filename).write_bytes(content_of(document))
        if document.filename.endswith(".tar"):
            with tarfile.open(tmp_path / document.filename) as volume:
                volume.extractall(tmp_path, filter="data")
    original = Path(own_vault.location)
    for file in original.rglob("*"):
        if file.is_file():
            assert (tmp_path / "repo" / file.relative_to(original)).read_bytes() == file.read_bytes()
    path = link_in(vaulting.last_mail(case.uid))
    client = pass_code(browser(), path)
    assert "LISEZMOI.txt" in client.get(path).text
    client.post(f"{path}/contestation", data={"reason": "illisible"})
    assert owner.post(f"/reversibility/{case.uid}/export").status_code == 303
    work()
    assert (stored(case).state, case.round) == (C.READY, 2)


# Damage


def damage(place: Path, choose=max) -> None:
    """Make a pack unreadable: the largest holds contents, the smallest names."""
    packs = [path for path in (place / "data").rglob("*") if path.is_file()]
    pack = choose(packs, key=lambda path: path.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[40:44] = bytes(byte ^ 0xFF for byte in content[40:44])
    pack.chmod(0o600)
    pack.write_bytes(content)


@pytest.mark.slow
def test_a_damaged_vault_waits_for_the_operators_decision(
    browser, house, owner, agent, subscription, own_vault
):
    damage(Path(own_vault.location))
    ask(owner, subscription, own_vault)
    case, operator = the_case(), browser(house.operator)
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert stored(case).state == C.EXPORTING and case.task.state == TaskState.FAILED
    assert case.unreadable and not exports(case), "nothing was handed over"
    page = operator.get(f"/reversibility/{case.uid}").text
    assert "Remettre ce qui est lisible" in page and "doit décider" in page
    assert owner.post(f"/reversibility/{case.uid}/losses").status_code == 403
    assert operator.post(f"/reversibility/{case.uid}/losses").status_code == 303
    work()
    assert stored(case).state == C.READY and case.with_losses and case.unreadable
    lost = next(one for one in exports(case) if one.filename == "LOST.csv")
    assert len(content_of(lost).splitlines()) == case.unreadable + 1
    path = link_in(vaulting.last_mail(case.uid))
    client = pass_code(browser(), path)
    assert "lisible" in client.get(path).text
    client.post(f"{path}/acceptance", data={"when": "later"})
    work()
    assert "n'a pas pu être rendu" in pdf_text(content_of(stored(case).return_certificate)).replace("’", "'")


@pytest.mark.slow
def test_a_vault_whose_names_are_lost_is_decided_too(browser, house, owner, agent, subscription, own_vault):
    damage(Path(own_vault.location), choose=min)
    ask(owner, subscription, own_vault)
    case, operator = the_case(), browser(house.operator)
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert case.task.state == TaskState.FAILED and stored(case).unreadable is not None
    assert "Remettre ce qui est lisible" in operator.get(f"/reversibility/{case.uid}").text
    assert operator.post(f"/reversibility/{case.uid}/losses").status_code == 303
    work()
    assert stored(case).state == C.READY and case.unreadable
    assert "LOST.csv" in {document.filename for document in exports(case)}


# On a medium

SHIPPED = {
    "medium": "disque 2 To n° 12",
    "tracking": "Colis 8R123",
    "on": "2026-11-25",
    "checked": "y",
    "encrypted": "y",
}


def test_a_medium_starts_the_time_to_check_again(browser, house, owner, subscription, own_vault, at):
    ask(owner, subscription, own_vault, form="sealed")
    case = the_case()
    work()
    assert stored(case).validation.value == date(2026, 12, 14)
    at(MONDAY + timedelta(days=2))
    operator, path = browser(house.operator), f"/reversibility/{case.uid}/shipment"
    for missing in ("medium", "tracking", "on", "checked", "encrypted"):
        assert operator.post(path, data={**SHIPPED, missing: ""}).status_code == 422, missing
    for day in ("2026-11-22", "2026-11-26"):
        assert operator.post(path, data=SHIPPED | {"on": day}).status_code == 422
    assert operator.post(path, data=SHIPPED).status_code == 303
    assert stored(case).validation.value == date(2026, 12, 16)
    assert "Colis 8R123" in vaulting.last_mail(case.uid).body
    assert "disque 2 To" in operator.get(f"/reversibility/{case.uid}").text


# Two people


def test_a_large_vault_is_erased_by_two_people(
    browser, house, owner, subscription, own_vault, app, monkeypatch
):
    monkeypatch.setitem(app.config, "ERASE_ALONE_BYTES", 1_000)
    ask(owner, subscription, own_vault, reason="destroy")
    case = the_case()
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "now"})
    first = browser(house.operator)
    other = a_user(house.provider, house.operator.role)
    other.email = "autre@portail.example"
    db.session.commit()
    second = browser(other)
    assert release(first, case).status_code == 303
    assert (stored(case).state, case.first_released_by_id) == (C.ACCEPTED, house.operator.id)
    assert release(first, case).status_code == 422
    assert "deuxième personne" in first.get(f"/reversibility/{case.uid}").text
    assert release(second, case).status_code == 303
    work()
    assert stored(case).state == C.ERASED
    assert house.operator.label in pdf_text(content_of(case.certificate))


def test_an_erasure_ends_the_accesses_first(browser, house, owner, subscription, own_vault):
    access = open_access(own_vault, hours=72, by=SYSTEM)
    access.take(by=SYSTEM, address="127.0.0.1")
    ask(owner, subscription, own_vault, reason="destroy")
    case = the_case()
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "now"})
    assert stored(access).state == AccessState.LIVE
    assert release(browser(house.operator), case).status_code == 303
    assert stored(access).state == AccessState.REVOKED


# The calendar


def test_who_forgets_the_passphrase_is_reminded_once_on_each_day(owner, subscription, own_vault, at):
    ask(owner, subscription, own_vault)
    case = the_case()
    counts = []
    for days in (2, 3, 3, 5, 7, 20, 21):
        at(MONDAY + timedelta(days=days))
        remind()
        db.session.commit()
        counts.append(len(subjects(case.uid)))
    assert counts == [1, 2, 2, 2, 3, 4, 4]


def test_the_last_call_comes_three_business_days_before_silence(
    browser, owner, agent, subscription, own_vault, at
):
    ask(owner, subscription, own_vault)
    case = the_case()
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    assert stored(case).validation.value == date(2026, 12, 14)
    for day, expected in ((8, 0), (9, 1), (10, 1)):
        at(datetime(2026, 12, day, 9, tzinfo=UTC))
        remind()
        db.session.commit()
        assert len([one for one in subjects(case.uid) if "Dernier rappel" in one]) == expected, day
    assert link_in(vaulting.last_mail(case.uid)).startswith("/fetch/")


def test_001_48_data_that_nobody_asked_for_are_called_then_erased(
    browser, house, subscription, own_vault, at
):
    def on(day: date) -> ReversibilityCase | None:
        at(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        look_for_unclaimed()
        db.session.commit()
        return db.session.scalars(select(ReversibilityCase)).one_or_none()

    assert subscription.ends_on == date(2026, 11, 20)  # asked for until the 19th, erased after it
    assert on(date(2026, 12, 5)) is None and subjects(own_vault.uid) == []
    assert on(date(2026, 12, 6)) is None
    called = f"Dernier appel : vos données seront effacées, coffre « {own_vault.name} »"
    assert subjects(own_vault.uid) == [called]
    body = vaulting.last_mail(own_vault.uid).body
    assert "20 décembre 2026" in body and "001-49" in body
    assert on(date(2026, 12, 19)) is None
    case = on(date(2026, 12, 20))
    assert case is not None and (case.reason, case.state) == ("unclaimed", C.ACCEPTED)
    assert on(date(2026, 12, 21)) is case, "once"
    assert len(subjects(own_vault.uid)) == 1
    assert release(browser(house.operator), case).status_code == 303
    work()
    assert stored(case).state == C.ERASED
    assert "Personne n'a demandé" in pdf_text(content_of(case.certificate)).replace("’", "'")
    assert "copie" not in vaulting.last_mail(case.uid).body, "none was handed over"


def test_a_late_call_still_leaves_two_weeks(subscription, own_vault, at):
    at(datetime(2027, 2, 1, 9, tzinfo=UTC))
    look_for_unclaimed()
    assert "15 février 2027" in vaulting.last_mail(own_vault.uid).body
    at(datetime(2027, 2, 14, 9, tzinfo=UTC))
    look_for_unclaimed()
    assert db.session.scalars(select(ReversibilityCase)).all() == []
    at(datetime(2027, 2, 15, 9, tzinfo=UTC))
    look_for_unclaimed()
    assert the_case().reason == "unclaimed"


def test_a4_nothing_is_called_unclaimed_while_a_case_is_open(owner, subscription, own_vault, at):
    ask(owner, subscription, own_vault)
    at(datetime(2027, 2, 15, 9, tzinfo=UTC))
    look_for_unclaimed()
    db.session.commit()
    assert the_case().reason == "copy"
    assert subjects(own_vault.uid) == []


def test_004_32_nothing_is_kept_once_the_copy_is_accepted(browser, house, owner, agent, repository):
    customer = a_customer(house.reseller, accepted="dobaas")
    subscription = vaulting.a_subscription(customer, terms="dobaas", ends_on=date(2026, 12, 1))
    ask(owner, subscription, vaulting.a_vault(customer, repository, subscription))
    case = the_case()
    unlock(browser(), link_in(vaulting.last_mail(case.uid)))
    work()
    path = link_in(vaulting.last_mail(case.uid))
    pass_code(browser(), path).post(f"{path}/acceptance", data={"when": "later"})
    assert stored(case).erasure.clauses == ("004-32",)
    assert case.may_release()
