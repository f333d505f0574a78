"""A mandate signed by hand, and mandates that fall out of use."""

import io
from datetime import date

import pytest
from PIL import Image
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from portal.access import Role
from portal.blobs import content_of
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from portal.sepa.mandates.jobs import warn_of_lapse
from portal.sepa.models import Mandate, mandate_signed
from tests.builders import PASSWORD, House, a_customer, an_outsider, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import IBAN, a_mandate, a_signed_mandate

PAPER = {
    "iban": "fr76 3000 6000 0112 3456 7890 189",
    "holder": "Boulangerie Martin",
    "signed_on": "2026-11-23",
    "signer_name": "Camille Martin",
    "signer_role": "gérante",
}


def a_scan() -> bytes:
    out = io.BytesIO()
    page = Canvas(out)
    page.drawString(72, 720, "Mandat")
    page.save()
    return out.getvalue()


SCAN = a_scan()


def photo(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind)
    return out.getvalue()


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


def mails_of(mandate: Mandate) -> list[Mail]:
    set_scope(EVERYTHING)
    return list(db.session.scalars(select(Mail).where(Mail.subject_uid == mandate.uid)))


def agree(client, mandate: Mandate, iban: str = PAPER["iban"]):
    return client.post(f"/sepa/mandates/{mandate.uid}/paper/agreement", data={"iban": iban})


def test_a_paper_counts_once_a_second_person_has_read_it(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    heard = []
    listener = mandate_signed.connect(lambda _sender, mandate: heard.append(mandate.rum))
    client, finance = browser(house.sales), browser(house.finance)
    assert client.get(f"/sepa/mandates/{mandate.uid}/paper").status_code == 200
    assert deposit(client, mandate).status_code == 303
    assert (stored(mandate).state, mandate.signed_on, heard) == ("paper_entered", None, [])
    assert browser().get(f"/sign/{token}").status_code == 410
    assert "deuxième" in finance.get("/").text or "à relire" in finance.get("/").text
    assert agree(finance, mandate).status_code == 303
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
    page = client.get(f"/sepa/mandates/{mandate.uid}")
    assert "sur papier" in page.text
    assert deposit(client, mandate).status_code == 409
    assert client.get(f"/sepa/mandates/{mandate.uid}/form.pdf").status_code == 409
    del listener


def test_one_person_alone_makes_no_mandate_of_a_paper(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    owner = browser(house.owner)
    deposit(owner, mandate)
    assert agree(browser(house.sales), mandate).status_code == 403
    answer = agree(owner, mandate)
    assert answer.status_code == 422 and "deuxième personne" in answer.text
    assert agree(browser(an_outsider(house)), mandate).status_code == 404
    assert "Relire" not in owner.get("/").text
    assert stored(mandate).state == "paper_entered"


def test_the_second_person_types_the_account_without_seeing_it(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    deposit(browser(house.sales), mandate)
    owner = browser(house.owner)
    page = owner.get(f"/sepa/mandates/{mandate.uid}").text
    assert IBAN not in page.replace(" ", "")
    answer = agree(owner, mandate, "FR14 2004 1010 0505 0001 3M02 606")
    assert answer.status_code == 422 and "première saisie" in answer.text
    assert stored(mandate).state == "paper_entered"


def test_the_debtor_is_told_of_a_paper_that_counts(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    deposit(browser(house.sales), mandate)
    agree(browser(house.owner), mandate)
    mail = next(mail for mail in mails_of(mandate) if "signé sur papier" in mail.subject)
    assert mail.recipient == "contact@client.example"
    assert "0189" in mail.body and IBAN not in mail.body and "Vous n'avez rien signé" in mail.body


def test_a_paper_that_says_something_else_goes_back(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    sales, owner = browser(house.sales), browser(house.owner)
    deposit(sales, mandate)
    path = f"/sepa/mandates/{mandate.uid}/paper/return"
    assert owner.post(path, data={"reason": " "}).status_code == 422
    assert owner.post(path, data={"reason": "pas de signature"}).status_code == 303
    assert (stored(mandate).state, mandate.iban_masked, mandate.document) == ("sent", None, None)
    assert mandate.events[-1].event["what"] == "papier signé renvoyé"
    assert "pas de signature" in sales.get(f"/sepa/mandates/{mandate.uid}").text
    assert deposit(sales, mandate).status_code == 303  # another paper, or a link
    assert mandate.broken_link() is None


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READER, Role.SALES, Role.TECHNICIAN])
def test_a_paper_with_a_whole_account_is_for_few(house: House, browser, role: Role) -> None:
    mandate = a_signed_mandate(house)
    for document in (mandate.document, mandate.shown_document, mandate.proof):
        answer = browser(house.people[role]).get(f"/documents/{document.uid}")
        assert (answer.status_code, role) == (403, role)


def test_who_may_read_an_account_types_the_password_first_and_it_is_written_down(house, browser) -> None:
    mandate = a_signed_mandate(house)
    path = f"/documents/{mandate.document.uid}"
    owner = browser(house.owner, confirmed=False)
    assert owner.get(path).location == f"/password?next={path}"
    owner.post("/password", data={"password": PASSWORD})
    assert owner.get(path).status_code == 200
    set_scope(EVERYTHING)
    query = select(JournalEntry).where(JournalEntry.subject_uid == mandate.document.uid)
    assert [(row.what, row.by_label) for row in db.session.scalars(query)][-1] == ("read", house.owner.name)


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
    ("scan", "status"),
    [
        (b"MZ", 422),
        (b"", 422),
        (b"%PDF-1.4 <script>... not a pdf", 422),
        (b"\xff\xd8\xff\xe0", 422),
        (photo("PNG")[:40], 422),
        (photo("GIF"), 422),
        (photo("JPEG"), 303),
        (photo("PNG"), 303),
    ],
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
