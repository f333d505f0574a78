"""New terms on running contracts: telling, proof, refusal, and the day on which they apply."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient

from portal import clock, jobs
from portal.access import Role
from portal.accounts.models import User
from portal.changes.reversals import reversals_of
from portal.contracts.models import NoticeState, TermsNotice
from portal.customers.models import ContactRole, Customer
from portal.db import db
from portal.deadlines import period_bounds
from portal.errors import IllegalStep, Refused
from portal.journal import SYSTEM, timeline
from portal.mail import Mail, MailState
from portal.subscriptions.models import Subscription
from portal.terms.models import TermsVersion
from tests.builders import House, a_customer, a_user, an_outsider, stored, work
from tests.changes.test_reversals import consent as agree_to_go_on
from tests.contracts.running import a_subscription, subscribe
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
Move = Callable[[datetime], None]
EFFECT = date(2026, 12, 15)
LAST_MINUTE = datetime(2026, 12, 14, 22, 59, tzinfo=UTC)  # 23:59 in Paris
MIDNIGHT = datetime(2026, 12, 14, 23, 0, tzinfo=UTC)


def told(house: House, code: str = "003") -> TermsNotice:
    """The notice of the one customer there is, its e-mail gone."""
    a_published(house, EFFECT, code, f"{code}-2027", without="confidentiality.years")
    work()
    return db.session.scalars(db.select(TermsNotice)).one()


def next_day() -> None:
    """What the worker does when its clock says another day, in a context of its own."""
    with current_app.app_context():
        jobs.run_periodic()
    work()


def test_a_customer_is_written_to_once_at_the_accounts_address_with_proof(house: House) -> None:
    subscription = a_subscription(house)
    subscription.customer.contact(ContactRole.SIGNATORY).email = "direction@client.example"
    a_subscription(house, subscription.customer, code="NS-2")
    notice = told(house)
    assert (notice.old_version, notice.new_version, notice.effective_on) == ("003-2026", "003-2027", EFFECT)
    mail = notice.mail
    assert mail is not None and mail.state == MailState.SENT and mail.sent_at is not None
    assert mail.recipient == notice.recipient == "direction@client.example"
    for word in (
        "15 décembre 2026",
        notice.sha256,
        "Confidentialité après la fin\u00a0: 5 ans → –",
        f"/notices/{notice.uid}",
        "003-05",
    ):
        assert word in mail.body, word
    next_day()
    assert len(db.session.scalars(db.select(TermsNotice)).all()) == 1
    assert len(db.session.scalars(db.select(Mail).where(Mail.subject_uid == notice.uid)).all()) == 1


def test_without_a_signatory_address_the_billing_one_counts_and_without_any_it_shows(
    house: House, browser: Browser
) -> None:
    first = a_subscription(house).customer
    first.contact(ContactRole.SIGNATORY).email = ""
    first.contact(ContactRole.BILLING).email = "compta@client.example"
    second = a_customer(house.reseller, name="Muet", siren=None, accepted="numspot")
    for role in (ContactRole.SIGNATORY, ContactRole.BILLING):
        second.contact(role).email = ""
    a_subscription(house, second, code="NS-2")
    a_published(house, EFFECT, "003")
    work()
    notices = {one.customer_id: one for one in db.session.scalars(db.select(TermsNotice))}
    assert notices[first.id].recipient == "compta@client.example"
    assert (notices[second.id].recipient, notices[second.id].mail) == ("", None)
    page = browser(house.operator).get("/terms/003-2027/notices?unsent=1").text
    assert "Muet" in page and "non remis" in page and "Boulangerie" not in page


def test_who_does_not_pin_the_document_or_is_gone_is_not_told(house: House) -> None:
    a_subscription(house, code="WS", terms_stack="dropcloud")
    gone = a_subscription(house, a_customer(house.reseller, name="Parti", siren=None, accepted="numspot"))
    gone.give_notice(sent_on=date(2026, 11, 23), ends_on=EFFECT, reason="none", fields={}, by=SYSTEM)
    a_published(house, EFFECT, "003")
    work()
    assert db.session.scalars(db.select(TermsNotice)).all() == []


def test_a_customer_who_comes_after_the_publication_is_told_the_next_day(house: House, at: Move) -> None:
    a_published(house, EFFECT, "003")
    work()
    a_subscription(house)
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    next_day()
    assert db.session.scalars(db.select(TermsNotice)).one().new_version == "003-2027"


def test_from_its_day_on_the_running_contract_follows_and_the_journal_keeps_the_past(
    house: House, at: Move
) -> None:
    subscription = a_subscription(house)
    notice = told(house)
    at(LAST_MINUTE)
    next_day()
    assert stored(subscription).terms_versions == ["003-2026"]
    at(MIDNIGHT)
    next_day()
    assert stored(subscription).terms_versions == ["003-2027"]
    assert stored(notice).state == NoticeState.APPLIED
    assert subscription.terms.find("confidentiality.years") is None
    entry = timeline(subscription)[0]
    assert entry.what == "follow_terms"
    assert entry.details == {"pinned_before": "003-2026", "pinned_after": "003-2027"}


def test_003_05_003_18_a_refusal_in_writing_and_in_time_ends_the_contract_under_the_old_version(
    house: House, browser: Browser, at: Move
) -> None:
    subscription = a_subscription(house)
    subscription.billed_before = period_bounds(subscription.started_on, 12, 2)[1]
    notice = told(house)
    person = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    at(LAST_MINUTE)
    client = browser(person)
    page = client.get(f"/notices/{notice.uid}").text
    assert "Refuser les nouvelles conditions" in page and "Confidentialité après la fin" in page
    answer = client.post(f"/notices/{notice.uid}/refusal", data={"written": "y"})
    assert answer.status_code == 303
    assert stored(notice).state == NoticeState.REFUSED
    assert (notice.refused_by, notice.refused_at, notice.refused_from) == (
        person.name,
        LAST_MINUTE,
        "127.0.0.1",
    )
    found = stored(subscription)
    ends_on = clock.paris_day(LAST_MINUTE) + timedelta(days=90)
    assert (found.state, found.notice_reason, found.ends_on) == ("notice_given", "terms_refused", ends_on)
    assert found.refund_clause == "003-18" and found.refund_cents and found.refund_cents > 0
    page = client.get(f"/notices/{notice.uid}").text
    assert f"/subscriptions/{subscription.uid}" in page
    assert "au prorata" in page and "003-18" in page
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    next_day()
    assert stored(subscription).terms_versions == ["003-2026"]
    with pytest.raises(IllegalStep):
        notice.apply()


def test_a_refusal_that_is_oral_or_late_counts_for_nothing(house: House, browser: Browser, at: Move) -> None:
    a_subscription(house)
    notice = told(house)
    answer = browser(house.owner).post(f"/notices/{notice.uid}/refusal")
    assert answer.status_code == 422 and "par écrit" in answer.text
    at(MIDNIGHT)
    client = browser(house.owner)
    assert "Refuser les nouvelles" not in client.get(f"/notices/{notice.uid}").text
    answer = client.post(f"/notices/{notice.uid}/refusal", data={"written": "y"})
    assert answer.status_code == 422 and "après l" in answer.text
    assert stored(notice).state == NoticeState.TOLD


@pytest.mark.parametrize(("stack", "code"), [("dropcloud", "001"), ("natso", "000")])
def test_a_contract_without_refusal_keeps_its_version_for_good(
    house: House, browser: Browser, at: Move, stack: str, code: str
) -> None:
    subscription = a_subscription(house, code="X", terms_stack=stack)
    a_published(house, EFFECT, code)
    work()
    notice = db.session.scalars(db.select(TermsNotice)).one()
    assert notice.mail is not None and "que pour les commandes" in notice.mail.body
    client = browser(house.owner)
    page = client.get(f"/notices/{notice.uid}").text
    assert "ne change pas en cours de route" in page and "/refusal" not in page
    with pytest.raises(Refused, match="garde sa version"):
        notice.refuse(in_writing=True, by=SYSTEM, address="")
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    next_day()
    assert stored(subscription).terms_versions == [f"{code}-2026"]


def test_whoever_was_not_told_in_time_does_not_move(house: House, at: Move) -> None:
    subscription = a_subscription(house)
    a_published(house, EFFECT, "003")
    at(MIDNIGHT)
    next_day()  # the mail leaves now, too late
    notice = db.session.scalars(db.select(TermsNotice)).one()
    assert notice.mail is not None and notice.mail.state == MailState.SENT
    at(datetime(2026, 12, 16, 9, tzinfo=UTC))
    next_day()
    assert stored(notice).state == NoticeState.TOLD
    assert stored(subscription).terms_versions == ["003-2026"]


def test_a_contract_under_notice_keeps_the_terms_of_its_end(house: House, at: Move) -> None:
    subscription = a_subscription(house)
    told(house)
    subscription.give_notice(
        sent_on=date(2026, 11, 24), ends_on=date(2027, 2, 22), reason="none", fields={}, by=SYSTEM
    )
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    next_day()
    assert stored(subscription).terms_versions == ["003-2026"]


def test_a_withdrawn_version_is_recalled_by_mail_and_never_applies(house: House, at: Move) -> None:
    subscription = a_subscription(house)
    notice = told(house)
    db.session.scalars(db.select(TermsVersion)).one().withdraw(by=SYSTEM)
    work()
    assert stored(notice).state == NoticeState.RECALLED
    subjects = db.session.scalars(db.select(Mail.subject).where(Mail.subject_uid == notice.uid)).all()
    assert len(subjects) == 2 and any("retirées" in subject for subject in subjects)
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    next_day()
    assert stored(subscription).terms_versions == ["003-2026"]


def test_the_operator_counts_filters_and_downloads(house: House, browser: Browser) -> None:
    first = a_subscription(house)
    other = a_customer(house.other, name="=Formule", siren=None, accepted="numspot")
    subscribe(other, first.product, first.method)
    told_version = a_published(house, EFFECT, "003")
    client = browser(house.operator)
    assert "Personne dans cette liste" in client.get("/terms/003-2027/notices").text
    work()
    db.session.scalars(
        db.select(Mail).where(Mail.subject_uid != "").order_by(Mail.id.desc())
    ).first().state = MailState.QUEUED
    db.session.commit()
    page = client.get("/terms/003-2027/notices").text
    assert "Boulangerie Martin" in page and "=Formule" in page and "<b>2</b>" in page
    assert "Réponse du serveur" in page and "déposé dans la boîte locale" in page
    page = client.get("/terms/003-2027/notices?unsent=1").text
    assert "=Formule" in page and "Boulangerie Martin" not in page
    answer = client.get("/terms/003-2027/notices.csv")
    rows = list(csv.reader(StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [row[0] for row in rows] == ["Client", "Boulangerie Martin", "'=Formule"]
    assert [row[4] for row in rows[1:]] == ["envoyé", "en attente d'envoi"]
    assert [row[6] for row in rows[:2]] == ["Réponse du serveur", "déposé dans la boîte locale"]
    assert "Clients informés" in client.get(f"/terms/{told_version.version}").text
    assert "Clients informés" not in browser(house.owner).get(f"/terms/{told_version.version}").text
    assert browser(house.owner).get("/terms/003-2027/notices.csv").status_code == 403
    assert client.get("/lists/told/file.csv?version=003-2027").text == answer.text
    for nothing in ("/lists/told/file.csv", "/lists/told/news", "/lists/told/file.csv?version=x"):
        assert client.get(nothing).status_code == 404  # the list is that of one version
    kept = client.post("/lists/told/views", data={"title": "À suivre", "wishes": "version=003-2027&unsent=1"})
    assert kept.headers["Location"] == "/terms/003-2027/notices?unsent=1"
    assert "À suivre" in client.get("/terms/003-2027/notices").text
    a_published(house, date(2027, 3, 1), "000")
    assert "À suivre" not in client.get("/terms/000-2027/notices").text


def test_notices_show_where_their_customer_is_looked_at_and_to_nobody_else(
    house: House, browser: Browser
) -> None:
    subscription = a_subscription(house)
    notice = told(house)
    address = f"/notices/{notice.uid}"
    customer = a_user(subscription.customer.organisation, Role.CUSTOMER)
    neighbour = a_customer(house.reseller, name="Voisin", siren=None)
    beside = a_user(neighbour.organisation, Role.CUSTOMER)
    db.session.commit()
    person = browser(customer)
    assert address in person.get("/notices?state=told").text
    assert address not in person.get("/notices?state=applied").text
    assert notice.new_version in person.get("/lists/notices/file.csv").text
    assert notice.new_version not in browser(beside).get("/lists/notices/file.csv").text
    assert browser(house.owner).get("/lists/notices/file.csv").status_code == 403
    assert address in person.get(f"/subscriptions/{subscription.uid}").text
    assert address in browser(house.reader).get(f"/customers/{subscription.customer.uid}").text
    assert browser(house.reader).post(f"{address}/refusal").status_code == 403
    stranger = browser(an_outsider(house))
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/refusal", data={"written": "y"}).status_code == 404
    assert browser(beside).get(address).status_code == 404


def test_what_is_counted_survives_a_kill_between_two_customers(house: House) -> None:
    product = a_subscription(house).product
    for number in range(3):
        customer: Customer = a_customer(house.reseller, name=f"C{number}", siren=None, accepted="numspot")
        subscribe(customer, product, db.session.scalars(db.select(Subscription)).first().method)
    version = a_published(house, EFFECT, "003")
    jobs.enqueue("contracts.tell", f"{version.uid}:again", house.provider)  # twice at once
    work()
    assert len(db.session.scalars(db.select(TermsNotice)).all()) == 4


def withdrawn_by_the_provider(house: House, browser: Browser, version: str = "003-2027") -> None:
    assert browser(house.operator).post(f"/terms/{version}/withdrawal").status_code == 303
    work()


def about_it(notice: TermsNotice) -> Any:
    return db.select(Mail).where(Mail.subject_uid == notice.uid)


def refused_by_her(house: House, browser: Browser) -> tuple[Subscription, TermsNotice, User]:
    subscription = a_subscription(house)
    notice = told(house)
    person = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert browser(person).post(f"/notices/{notice.uid}/refusal", data={"written": "y"}).status_code == 303
    assert stored(subscription).notice_reason == "terms_refused"
    return subscription, notice, person


def test_003_18_after_a_recall_a_refusal_is_taken_back_by_a_link_and_a_code(
    house: House, browser: Browser, at: Move
) -> None:
    subscription, notice, _person = refused_by_her(house, browser)
    ends_on = subscription.ends_on
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    withdrawn_by_the_provider(house, browser)
    bodies = [mail.body for mail in db.session.scalars(about_it(notice))]
    assert any("vous propose de reprendre" in body for body in bodies)
    assert any("qui décide" in body for body in bodies), "the reseller is told too"
    assert (stored(subscription).ends_on, notice.state) == (ends_on, "recalled"), "she decides"
    (row,) = reversals_of(subscription)
    assert row.state == "reversal_asked"
    assert agree_to_go_on(browser).status_code in (200, 303)
    found = stored(subscription)
    assert (found.state, found.ends_on, found.refund_cents) == ("active", None, None)
    work()
    staff = db.session.scalars(db.select(Mail).where(Mail.subject_uid == row.uid)).all()
    assert {mail.recipient for mail in staff} >= {house.owner.email}
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    next_day()
    assert stored(subscription).terms_versions == ["003-2026"]


def test_003_18_in_her_space_she_keeps_her_exit_and_the_other_side_cannot_answer(
    house: House, browser: Browser, at: Move
) -> None:
    subscription, notice, person = refused_by_her(house, browser)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    withdrawn_by_the_provider(house, browser)
    row = reversals_of(subscription)[0]
    path = f"/notice-reversals/{row.uid}/agreement"
    assert subscription.uid in browser(person).get(f"/notices/{notice.uid}").text
    assert path in browser(person).get(f"/subscriptions/{subscription.uid}").text
    assert browser(house.owner).post(path).status_code in (409, 422)
    assert browser(an_outsider(house)).post(path).status_code == 404
    assert browser(person).post(f"/notice-reversals/{row.uid}/refusal").status_code == 303
    assert stored(subscription).state == "notice_given"
    subjects = db.session.scalars(db.select(Mail.subject)).all()
    assert any(subject.startswith("Résiliation maintenue") for subject in subjects)


def test_003_18_what_has_ended_before_the_recall_stays_ended(
    house: House, browser: Browser, at: Move
) -> None:
    subscription, notice, _person = refused_by_her(house, browser)
    subscription.ends_on = date(2026, 11, 30)
    db.session.commit()
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    withdrawn_by_the_provider(house, browser)
    assert (stored(subscription).state, reversals_of(subscription)) == ("notice_given", [])
    bodies = [mail.body for mail in db.session.scalars(about_it(notice))]
    assert any("le reste" in body for body in bodies)
