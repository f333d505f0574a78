"""The agreement of article 28: written in the night, sent by a person, signed with a code, written anew."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.agreements.acts import PREPARE, prepare, send
from portal.agreements.content import POINTS, content_of, digest_of
from portal.agreements.jobs import look_at_the_agreements
from portal.agreements.models import AgreementState, ProcessingAgreement
from portal.blobs import content_of as bytes_of
from portal.db import EVERYTHING, db, set_scope
from portal.jobs.models import Task
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.terms.shipped import CONTRACTS
from tests.builders import House, a_user, an_outsider, stored, work
from tests.contracts.builders import a_subscription, dobaas, numspot
from tests.privacy.builders import a_processor
from tests.subscriptions.builders import a_monthly_product

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
S = AgreementState


def the_night() -> None:
    set_scope(EVERYTHING)
    look_at_the_agreements()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def rows() -> list[ProcessingAgreement]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(ProcessingAgreement).order_by(ProcessingAgreement.id)))


def last(kind: str) -> Mail:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.kind == f"agreements/{kind}").order_by(Mail.id.desc())
    return db.session.scalars(query).first()


def signed(browser: Browser, row: ProcessingAgreement, shown: str = "") -> int:
    address = re.search(r"/agreement/\S+", last("mail_agreement").body)[0]
    phone = browser()
    page = unescape(phone.get(address).text)
    assert "Sous-traitants ultérieurs" in page and row.sha256 in page
    typed = {"agree": "y", "entitled": "y", "signer_name": "Ada Roy", "signer_role": "gérante"}
    phone.post(address, data=typed | {"shown": shown or row.mark})
    code = re.search(r"(\d{3}) (\d{3})", last("mail_code").body)
    answer = phone.post(f"{address}/code", data={"code": code[0] if code else "000 000"})
    if stored(row).state == S.SIGNED:  # the page that follows offers both files
        assert all(phone.get(f"{address}/{name}.pdf").data.startswith(b"%PDF") for name in ("file", "proof"))
    return answer.status_code


def test_each_letter_of_article_28_3_is_said_and_names_clauses_of_that_contract_alone() -> None:
    assert [point.code for point in POINTS] == [f"28(3) {letter}" for letter in "abcdefgh"]
    for point in POINTS:
        assert any(clause[:3] in codes for clause in point.clauses for _label, codes in CONTRACTS.values())


def test_an_agreement_is_written_sent_by_a_person_signed_with_a_code_and_proved(
    house: House, browser: Browser
) -> None:
    subscription = dobaas(house)
    the_night()
    the_night()
    (row,) = rows()
    assert (row.state, row.number, row.customer_id) == (S.PREPARED, 1, subscription.customer_id)
    assert {clause[:3] for point in row.content["points"] for clause in point["clauses"]} == {"002", "004"}
    assert not db.session.scalars(select(Mail).where(Mail.kind.startswith("agreements/"))).all()
    operator = browser(house.operator)
    assert "Accord sur les données à envoyer" in unescape(operator.get("/").text)
    assert operator.post("/agreements/sending").status_code == 303
    work()
    assert stored(row).state == S.SENT
    assert signed(browser, row) in (200, 303)
    row = stored(row)
    assert (row.state, row.signed_on, row.signer_name) == (S.SIGNED, clock.today(), "Ada Roy")
    assert row.proof is not None and bytes_of(row.proof).startswith(b"%PDF")
    assert last("mail_signed").kind == "agreements/mail_signed"
    person = a_user(stored(subscription).customer.organisation, Role.CUSTOMER)
    db.session.commit()
    her = browser(person)
    assert f"/agreements/{row.uid}" in her.get(f"/subscriptions/{subscription.uid}").text
    assert her.get(f"/agreements/{row.uid}/file.pdf").data.startswith(b"%PDF")
    assert her.get(f"/agreements/{row.uid}/proof.pdf").status_code == 200
    assert browser(an_outsider(house)).get(f"/agreements/{row.uid}").status_code == 404


def test_003_56_another_list_of_sub_processors_is_another_version_and_the_signed_one_counts_until_then(
    house: House, browser: Browser, at: At
) -> None:
    numspot(house)
    the_night()
    (first,) = rows()
    send(first, by=SYSTEM)
    db.session.commit()
    assert signed(browser, first) in (200, 303)
    a_processor(house.provider)
    at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    the_night()
    first, second = rows()
    assert (first.state, second.state, second.number) == (S.SIGNED, S.PREPARED, 2)
    assert [each["name"] for each in second.content["processors"]] == ["Hébergeur SA"]
    send(second, by=SYSTEM)
    db.session.commit()
    assert signed(browser, second, shown=first.mark) == 422, "what she has read is not what she would sign"
    assert stored(second).state == S.SENT
    assert signed(browser, second) in (200, 303)
    assert [each.state for each in rows()] == [S.REPLACED, S.SIGNED]


def test_a_refusal_is_read_among_todays_work_and_a_contract_that_is_over_asks_nobody(
    house: House, browser: Browser, at: At
) -> None:
    subscription = dobaas(house)
    the_night()
    (row,) = rows()
    send(row, by=SYSTEM)
    db.session.commit()
    address = re.search(r"/agreement/\S+", last("mail_agreement").body)[0]
    assert browser().post(f"{address}/refusal", data={"reason": ""}).status_code == 422
    assert browser().post(f"{address}/refusal", data={"reason": "Trop court"}).status_code in (302, 303)
    operator = browser(house.operator)
    assert stored(row).state == S.REFUSED
    assert "Accord sur les données refusé" in unescape(operator.get("/").text)
    assert "Trop court" in operator.get(f"/agreements/{row.uid}").text
    subscription = stored(subscription)
    subscription.ends_on = clock.today()
    db.session.commit()
    at(datetime(2026, 12, 3, 9, tzinfo=UTC))
    the_night()
    assert stored(row).state == S.OVER
    assert browser().get(address).status_code == 410


def test_a_task_that_stops_half_way_writes_the_rest_once(house: House, at: At) -> None:
    product = a_monthly_product(house, terms_stack="numspot")
    first = a_subscription(house, product)
    a_subscription(house, product, name="Deux", siren=None)
    set_scope(EVERYTHING)
    prepare(first.customer, "numspot", by=SYSTEM)
    db.session.commit()
    the_night()
    assert [row.number for row in rows()] == [1, 1]
    at(clock.now() + timedelta(days=1))
    the_night()
    assert len(rows()) == 2
    assert len(db.session.scalars(select(Task).where(Task.kind == PREPARE)).all()) == 1


def test_the_english_of_an_agreement_is_another_content(house: House) -> None:
    assert digest_of(content_of("natso", "fr")) != digest_of(content_of("natso", "en"))
