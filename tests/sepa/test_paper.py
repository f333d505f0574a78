"""A mandate signed by hand, and mandates that fall out of use."""

import io
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal.access import Role
from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.sepa.mandates.jobs import warn_of_lapse
from portal.sepa.models import Mandate, mandate_signed
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import IBAN, a_mandate, a_signed_mandate

PAPER = {
    "iban": "fr76 3000 6000 0112 3456 7890 189",
    "holder": "Boulangerie Martin",
    "signed_on": "2026-11-23",
    "signer_name": "Camille Martin",
    "signer_role": "gérante",
}
SCAN = b"%PDF-1.7 scan"


def deposit(client, mandate: Mandate, scan: bytes = SCAN, **changes: str):
    data = PAPER | changes | {"scan": (io.BytesIO(scan), "scan.pdf")}
    return client.post(f"/sepa/mandates/{mandate.uid}/paper", data=data)


def test_the_form_to_print_has_its_reference_and_room_to_write(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    answer = browser(house.owner).get(f"/sepa/mandates/{mandate.uid}/form.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    for words in (
        mandate.rum,
        "FR15ZZZ588627",
        "_ _ _ _",
        "Signature du débiteur",
        "En signant ce formulaire",
    ):
        assert words in text
    assert browser(house.reader).get(f"/sepa/mandates/{mandate.uid}/form.pdf").status_code == 403


def test_a_deposited_paper_is_a_signature(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    heard = []
    listener = mandate_signed.connect(lambda _sender, mandate: heard.append(mandate.rum))
    client = browser(house.sales)
    assert client.get(f"/sepa/mandates/{mandate.uid}/paper").status_code == 200
    assert deposit(client, mandate).status_code == 303
    assert (stored(mandate).state, mandate.signed_on, mandate.signed_at) == (
        "signed",
        date(2026, 11, 23),
        None,
    )
    assert mandate.iban == IBAN
    assert content_of(mandate.document) == SCAN
    event = mandate.events[-1].event
    assert (event["what"], event["scan_sha256"]) == ("signé sur papier", mandate.document.sha256)
    assert mandate.broken_link() is None
    assert heard == [mandate.rum]
    assert browser().get(f"/sign/{token}").status_code == 410
    page = client.get(f"/sepa/mandates/{mandate.uid}")
    assert "sur papier" in page.text
    assert deposit(client, mandate).status_code == 409
    assert client.get(f"/sepa/mandates/{mandate.uid}/form.pdf").status_code == 409
    assert browser(house.owner).get(f"/sepa/mandates/{mandate.uid}/evidence.zip").status_code == 200
    del listener


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iban": "FR76"}, "deux lettres"),
        ({"signed_on": "2026-11-22"}, "création"),
        ({"signed_on": "2026-11-24"}, "création"),
        ({"signed_on": ""}, "jour écrit"),
        ({"holder": " "}, "titulaire"),
        ({"signer_name": ""}, "qui a signé"),
        ({"signer_role": ""}, "fonction"),
    ],
)
def test_a_wrong_line_of_the_paper_is_told_next_to_its_field(house, browser, changes, words: str) -> None:
    mandate, _token = a_mandate(house)
    answer = deposit(browser(house.owner), mandate, **changes)
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert stored(mandate).state == "sent"


@pytest.mark.parametrize(
    ("scan", "status"), [(b"MZ", 422), (b"", 422), (b"\xff\xd8\xff\xe0", 303), (b"\x89PNG\r\n\x1a\n", 303)]
)
def test_only_a_pdf_or_a_photo_is_kept(house: House, browser, scan: bytes, status: int) -> None:
    mandate, _token = a_mandate(house)
    assert deposit(browser(house.owner), mandate, scan).status_code == status


@pytest.mark.parametrize(("method", "verb"), [("GET", "paper"), ("POST", "paper"), ("GET", "form.pdf")])
def test_another_resellers_paper_does_not_exist(house: House, browser, method: str, verb: str) -> None:
    mandate, _token = a_mandate(house)
    path = f"/sepa/mandates/{mandate.uid}/{verb}"
    assert browser(an_outsider(house)).open(path, method=method).status_code == 404
    assert browser(house.reader).open(path, method=method).status_code == 403


# Lapse


def warnings_sent() -> dict[str, str]:
    set_scope(EVERYTHING)
    query = select(Mail).where(Mail.subject.startswith("Mandat "), Mail.subject.contains("caduc"))
    return {mail.recipient: mail.body for mail in db.session.scalars(query)}


def test_a_mandate_left_unused_is_named_from_33_to_36_months(house: House, browser, at) -> None:
    mandate = a_signed_mandate(house)
    day = MONDAY.replace(year=2029, month=8)  # 33 months after the signature
    last = day.replace(month=11, day=22)
    for moment, listed in (
        (day.replace(day=22), False),
        (day, True),
        (last, True),
        (day.replace(month=11), False),
    ):
        at(moment)
        assert (mandate.rum in browser(house.owner).get("/sepa/mandates/lapsing").text) is listed, moment


def test_finance_and_the_owner_are_told_once(house: House, at) -> None:
    mandate = a_signed_mandate(house)
    mandate.last_presented_on = date(2027, 1, 5)
    db.session.commit()
    at(MONDAY.replace(year=2029, month=10, day=4))
    warn_of_lapse()
    work()
    assert warnings_sent() == {}
    for moment in (MONDAY.replace(year=2029, month=10, day=5), MONDAY.replace(year=2029, month=11, day=20)):
        at(moment)
        warn_of_lapse()
        work()
    told = warnings_sent()
    assert set(told) == {house.finance.email, house.owner.email}
    assert "5 janvier 2030" in told[house.owner.email]
    assert db.session.scalar(db.select(db.func.count(Mail.id)).where(Mail.subject.contains("caduc"))) == 2


def test_a_revoked_or_foreign_mandate_is_not_listed(house: House, browser, at) -> None:
    mandate = a_signed_mandate(house)
    foreign = a_signed_mandate(house, a_customer(house.other, name="Autre"))
    at(MONDAY.replace(year=2029, month=9))
    page = browser(house.owner).get("/sepa/mandates/lapsing").text
    assert mandate.rum in page and foreign.rum not in page
    stored(mandate).stop("MD01", by=SYSTEM)
    db.session.commit()
    assert mandate.rum not in browser(house.finance).get("/sepa/mandates/lapsing").text


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.TECHNICIAN])
def test_technicians_have_no_list_of_mandates(house: House, browser, role: Role) -> None:
    assert browser(house.people[role]).get("/sepa/mandates/lapsing").status_code == 403
