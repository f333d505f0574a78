"""The signer's pages, as a phone without script sees them."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import inspect, select, text

from portal import clock
from portal.blobs import Document, content_of
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Lane, Task
from portal.mail import Mail
from portal.sepa.models import MandateEvent, mandate_signed
from tests.builders import House, stored, work
from tests.conftest import MONDAY
from tests.sepa.people import (
    ACCOUNT,
    IBAN,
    OTHER_IBAN,
    a_mandate,
    code_in_mail,
    consent,
    go_to_code,
    last_mail,
    said_after,
)


def count_rows() -> dict[str, int]:
    set_scope(EVERYTHING)
    names = inspect(db.session.connection()).get_table_names()
    return {name: db.session.scalar(text(f'select count(*) from "{name}"')) for name in names}


def test_a_mandate_is_signed_in_three_steps(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    heard = []
    listener = mandate_signed.connect(lambda _sender, mandate: heard.append(mandate.rum))
    phone = browser()
    first = phone.get(f"/sign/{token}")
    for words in ("Étape 1 sur 3", "DROPCLOUD SAS", "FR15ZZZ588627", mandate.rum, "8 semaines"):
        assert words in first.text
    assert phone.post(f"/sign/{token}/account", data=ACCOUNT).location == f"/sign/{token}/mandate"
    second = phone.get(f"/sign/{token}/mandate")
    assert "Étape 2 sur 3" in second.text
    assert "FR76 •••• •••• 0189" in second.text
    assert "En signant ce formulaire de mandat" in second.text
    answer = phone.post(f"/sign/{token}/code", data=consent(phone, token))
    assert answer.location == f"/sign/{token}/signature"
    third = phone.get(f"/sign/{token}/signature")
    assert "Étape 3 sur 3" in third.text
    assert "c•••@client.example" in third.text
    assert phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)}).status_code == 303

    assert stored(mandate).state == "signed"
    assert mandate.iban == IBAN
    assert (mandate.signed_at, mandate.signer_name) == (MONDAY, "Camille Martin")
    assert mandate.broken_link() is None
    assert heard == [mandate.rum]
    final = phone.get(f"/sign/{token}")
    assert "C'est signé" in final.text or "C&#39;est signé" in final.text
    with phone.get(f"/sign/{token}/mandate.pdf") as pdf:
        assert pdf.data == content_of(mandate.document)
    del listener


def test_both_documents_are_sealed_and_tell_the_same_story(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    shown = phone.get(f"/sign/{token}/mandate.pdf").data
    phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    certificate = keyring().seal_certificate_pem
    signed, proof = content_of(mandate.document), content_of(mandate.proof)
    assert check_seal(signed, certificate).is_sound
    assert check_seal(proof, certificate).is_sound
    assert content_of(mandate.shown_document) == shown
    assert mandate.shown_document.sha256 == mandate.shown_sha256
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(proof)).pages)
    flat = re.sub(r"\s", "", words)
    for value in (mandate.shown_sha256, mandate.document.sha256, mandate.text_sha256, mandate.evidence_head):
        assert value in flat
    for row in mandate.events:
        assert row.hash in flat
    assert IBAN not in flat
    mail = last_mail(mandate)
    assert mail.attachments == [mandate.document.uid]
    assert mail.recipient == "contact@client.example"


def test_the_evidence_names_each_thing_that_happened(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    phone.get(f"/sign/{token}", headers={"User-Agent": "Phone"})
    phone.get(f"/sign/{token}", headers={"User-Agent": "Phone"})
    go_to_code(phone, token)
    phone.post(f"/sign/{token}/signature", data={"code": "000000 "})
    phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    told = [(row.event["what"], row.event.get("result")) for row in mandate.events]
    assert told == [
        ("lien créé", None),
        ("e-mail mis en file", None),
        ("page ouverte", None),
        ("IBAN saisi", None),
        ("texte présenté et accepté", None),
        ("code envoyé", None),
        ("code essayé", "wrong"),
        ("code essayé", "juste"),
        ("signé", None),
    ]
    opened = mandate.events[2].event
    assert opened["at"] == "2026-11-23T09:00:00.000Z"
    assert opened["user_agent"] == "Phone"
    assert opened["ip"] == "127.0.0.1"


def test_a_mail_scanner_that_opens_every_link_signs_nothing(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    scanner, before = browser(), count_rows()
    for step in ("", "/mandate", "/signature", "/refusal", "/mandate.pdf", "/account", "/code"):
        scanner.get(f"/sign/{token}{step}")
        scanner.head(f"/sign/{token}{step}")
    assert stored(mandate).state == "sent"
    changed = {name for name, count in count_rows().items() if count != before[name]}
    assert changed == {"mandate_event"}  # the log of visits
    assert mandate.signer_name is None


def test_the_page_opens_even_if_the_visit_cannot_be_noted(house: House, browser, monkeypatch) -> None:
    from sqlalchemy.exc import OperationalError

    from portal.sepa.models import Mandate

    _mandate, token = a_mandate(house)

    def broken(*args: object, **kwargs: object) -> None:
        raise OperationalError("insert", {}, Exception("locked"))

    monkeypatch.setattr(Mandate, "note", broken)
    assert browser().get(f"/sign/{token}").status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "L'IBAN est vide."),
        ("FR76 3000 6000 0112 3456 7890 188", "La clé de l'IBAN est fausse"),
        ("FR76 3000 6000 0112 3456 7890", "27 caractères"),
        ("US12345678901234567890", "SEPA"),
        ("bonjour", "deux lettres et deux chiffres"),
        ("FR76\x013000", "27 caractères"),
    ],
)
def test_a_wrong_iban_is_explained_next_to_its_field(house: House, browser, typed: str, words: str) -> None:
    mandate, token = a_mandate(house)
    answer = browser().post(f"/sign/{token}/account", data=ACCOUNT | {"iban": typed})
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert 'aria-invalid="true"' in answer.text
    assert stored(mandate).iban is None


@pytest.mark.parametrize("country", ["RE", "NC", "CA"])
def test_a_debtor_signs_wherever_she_lives(house: House, browser, country: str) -> None:
    """Her account lies in the SEPA area, her house need not; Réunion is a country of addresses of its own."""
    _mandate, token = a_mandate(house)
    answer = browser().post(f"/sign/{token}/account", data=ACCOUNT | {"country": country})
    assert (answer.status_code, answer.location) == (303, f"/sign/{token}/mandate")


@pytest.mark.parametrize("name", ["holder", "street", "postcode", "town"])
def test_each_part_of_the_address_is_needed(house: House, browser, name: str) -> None:
    _mandate, token = a_mandate(house)
    assert browser().post(f"/sign/{token}/account", data=ACCOUNT | {name: " "}).status_code == 422
    assert browser().post(f"/sign/{token}/account", data=ACCOUNT | {name: "日本"}).status_code == 422


@pytest.mark.parametrize("name", ["authorise", "entitled", "signer_name", "signer_role"])
def test_no_code_leaves_without_each_declaration(house: House, browser, name: str) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    phone.post(f"/sign/{token}/account", data=ACCOUNT)
    said_after(phone, phone.post(f"/sign/{token}/code", data=consent(phone, token, **{name: ""})))
    assert "code" not in last_mail(mandate).subject


def test_steps_cannot_be_skipped(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone, start = browser(), f"/sign/{token}"
    assert phone.get(f"{start}/mandate").location == start
    assert phone.get(f"{start}/signature").location == f"{start}/mandate"
    assert phone.post(f"{start}/code", data={"authorise": "y"}).location == start
    assert phone.post(f"{start}/code/again").location == start
    assert phone.post(f"{start}/signature", data={"code": "123456"}).location == f"{start}/mandate"
    phone.post(f"{start}/account", data=ACCOUNT)
    assert phone.post(f"{start}/signature", data={"code": "123456"}).location == f"{start}/mandate"
    assert phone.get(f"{start}/signature").location == f"{start}/mandate"
    assert stored(mandate).state == "sent"


def test_a_document_changed_in_another_tab_must_be_read_again(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    phone.post(f"/sign/{token}/account", data=ACCOUNT)
    agreed = consent(phone, token)
    phone.post(f"/sign/{token}/account", data=ACCOUNT | {"iban": OTHER_IBAN})
    assert phone.post(f"/sign/{token}/code", data=agreed).status_code == 409
    go_to_code(phone, token)
    code = code_in_mail(mandate)
    phone.post(f"/sign/{token}/account", data=ACCOUNT | {"iban": OTHER_IBAN})
    answer = phone.post(f"/sign/{token}/signature", data={"code": code})
    assert answer.location == f"/sign/{token}/mandate"
    assert stored(mandate).state == "sent"


def test_coming_back_to_the_first_step_keeps_the_account(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    phone.post(f"/sign/{token}/account", data=ACCOUNT)
    page = phone.get(f"/sign/{token}").text
    assert "FR76 •••• •••• 0189" in page
    assert IBAN not in page.replace(" ", "")
    phone.post(f"/sign/{token}/account", data=ACCOUNT | {"iban": "", "town": "Lyon"})
    assert (stored(mandate).iban, mandate.town) == (IBAN, "Lyon")


def test_a_wrong_code_counts_and_five_are_the_limit(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    right = code_in_mail(mandate)
    wrong = "111111" if right != "111111" else "222222"
    for left in (4, 3, 2, 1):
        page = said_after(phone, phone.post(f"/sign/{token}/signature", data={"code": wrong}))
        assert f"Essais restants : {left}" in page
    for code in (wrong, right):
        page = said_after(phone, phone.post(f"/sign/{token}/signature", data={"code": code}))
        assert "Trop d" in page
    assert stored(mandate).state == "sent"


def test_a_code_expires_ten_minutes_after_its_mail_has_left(house: House, browser, at) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    at(MONDAY + timedelta(minutes=30))
    work()
    at(MONDAY + timedelta(minutes=40))
    answer = phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    assert "a expiré" in said_after(phone, answer)
    assert stored(mandate).state == "sent"


def test_the_link_and_the_code_wait_for_no_run(house: House, browser) -> None:
    _mandate, token = a_mandate(house)
    go_to_code(browser(), token)
    query = select(Mail.subject, Task.lane).join(Task, Task.ref == Mail.uid).where(Task.kind == "mail.send")
    assert [lane for _subject, lane in db.session.execute(query)] == [Lane.PROMPT, Lane.PROMPT]


def test_a_code_whose_mail_left_late_still_works(house: House, browser, at) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    at(MONDAY + timedelta(minutes=30))
    work()
    at(MONDAY + timedelta(minutes=39))
    assert phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)}).status_code == 303
    assert stored(mandate).state == "signed"


def test_a_code_whose_mail_never_left_ends_after_an_hour(house: House, browser, at) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    at(MONDAY + timedelta(minutes=60))
    answer = phone.post(f"/sign/{token}/signature", data={"code": code_in_mail(mandate)})
    assert "a expiré" in said_after(phone, answer)


def test_a_code_that_was_replaced_does_not_work(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    first = code_in_mail(mandate)
    phone.post(f"/sign/{token}/code/again")
    second = code_in_mail(mandate)
    if first != second:
        said_after(phone, phone.post(f"/sign/{token}/signature", data={"code": first}))
    assert phone.post(f"/sign/{token}/signature", data={"code": second}).status_code == 303


def test_three_codes_an_hour(house: House, browser, at) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    for status in (303, 303, 429):
        assert phone.post(f"/sign/{token}/code/again").status_code == status
    query = select(Mail).where(Mail.subject_uid == mandate.uid, Mail.subject.startswith("Votre code"))
    set_scope(EVERYTHING)
    assert len(db.session.scalars(query).all()) == 3
    at(MONDAY + timedelta(minutes=61))
    assert phone.post(f"/sign/{token}/code/again").status_code == 303


def test_a_signature_is_given_once(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    code = code_in_mail(mandate)
    phone.post(f"/sign/{token}/signature", data={"code": code})
    length, version = stored(mandate).evidence_length, mandate.version
    for step, data in (
        ("signature", {"code": code}),
        ("account", ACCOUNT),
        ("code", {}),
        ("code/again", {}),
        ("refusal", {"reason": "trop tard"}),
    ):
        answer = phone.post(f"/sign/{token}/{step}", data=data)
        assert answer.status_code == 409
        assert "est signé" in answer.text
    for step in ("", "/mandate", "/signature", "/refusal"):
        assert "est signé" in phone.get(f"/sign/{token}{step}").text
    assert (stored(mandate).evidence_length, mandate.version) == (length, version)
    set_scope(EVERYTHING)
    assert len(db.session.scalars(select(Document).where(Document.kind == "mandate")).all()) == 1


def test_a_refusal_has_a_reason_and_forgets_the_account(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    phone.post(f"/sign/{token}/account", data=ACCOUNT)
    assert phone.post(f"/sign/{token}/refusal", data={"reason": " "}).status_code == 422
    phone.post(f"/sign/{token}/refusal", data={"reason": "Nous payons par virement"})
    assert stored(mandate).state == "refused"
    assert mandate.iban is None
    assert mandate.events[-1].event["reason"] == "Nous payons par virement"
    assert "Vous avez refusé" in phone.get(f"/sign/{token}").text
    assert phone.post(f"/sign/{token}/account", data=ACCOUNT).status_code == 409


def test_unknown_expired_and_foreign_links(house: House, browser, at) -> None:
    _mandate, token = a_mandate(house)
    assert browser().get("/sign/nonsense").status_code == 404
    at(MONDAY + timedelta(days=14))
    for answer in (browser().get(f"/sign/{token}"), browser().post(f"/sign/{token}/account", data=ACCOUNT)):
        assert answer.status_code == 410
        assert "expiré" in answer.text


def test_pages_are_neither_kept_nor_indexed_nor_helped_from_outside(house: House, browser) -> None:
    _mandate, token = a_mandate(house)
    answer = browser().get(f"/sign/{token}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    sources = re.findall(r'(?:src|href)="([^"#]+)', answer.text)
    assert all(source.startswith(("/", "data:,")) for source in sources)
    assert "<script" not in answer.text


def test_a_form_of_another_site_signs_nothing(app: Flask, house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    code = code_in_mail(mandate)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert phone.post(f"/sign/{token}/signature", data={"code": code}).status_code == 400
        cross = {"Sec-Fetch-Site": "cross-site"}
        assert phone.post(f"/sign/{token}/signature", data={"code": code}, headers=cross).status_code in {
            400,
            403,
        }
        assert stored(mandate).state == "sent"
        page = phone.get(f"/sign/{token}/signature").text
        form_token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
        data = {"code": code, "csrf_token": form_token}
        assert phone.post(f"/sign/{token}/signature", data=data).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert stored(mandate).state == "signed"


def test_the_account_number_is_nowhere_in_clear(house: House, browser) -> None:
    mandate, token = a_mandate(house)
    phone = browser()
    go_to_code(phone, token)
    code = code_in_mail(mandate)
    phone.post(f"/sign/{token}/signature", data={"code": code})
    set_scope(EVERYTHING)
    connection = db.session.connection()
    for table in inspect(connection).get_table_names():
        for row in connection.execute(text(f'select * from "{table}"')).mappings():
            flat = " ".join(str(value) for value in row.values()).replace(" ", "")
            assert IBAN not in flat, table
            assert IBAN[6:] not in flat, table
            assert token not in flat, table
            assert f"{code[:3]} {code[3:]}" not in " ".join(str(v) for v in row.values()), table
    for mail in db.session.scalars(select(Mail)):
        assert IBAN not in mail.body.replace(" ", "")
    assert all(IBAN[-10:] not in str(row.event) for row in db.session.scalars(select(MandateEvent)))
    assert clock.today() == mandate.signed_on


def test_the_legal_text_is_in_the_debtors_language(house: House, browser) -> None:
    from tests.builders import a_customer

    customer = a_customer(house.reseller, language="en")
    mandate, token = a_mandate(house, customer)
    phone = browser()
    phone.post(f"/sign/{token}/account", data=ACCOUNT)
    page = phone.get(f"/sign/{token}/mandate").text
    assert "By signing this mandate form" in page
    assert mandate.text_version == "core-en-1"
