"""One archive for a contested debit, and the public page that checks what it holds."""

import io
import json
from datetime import timedelta
from hashlib import sha256
from zipfile import ZipFile

import pytest

from portal.access import Role
from portal.blobs import content_of
from portal.crypto.seals import make_seal_certificate, seal_pdf
from portal.db import EVERYTHING, db, set_scope
from portal.evidence import Link, verify
from portal.journal import SYSTEM
from portal.sepa.models import Mandate
from portal.sepa.signing.account_change import ask_account, confirm_account, enter_new_account
from portal.sepa.signing.documents import shown_pdf
from tests.builders import House, an_outsider, stored
from tests.conftest import MONDAY
from tests.sepa.people import IBAN, OTHER_IBAN, VISITOR, a_collection, a_mandate, a_signed_mandate, last_mail


def pack(client, mandate: Mandate) -> ZipFile:
    answer = client.get(f"/sepa/mandates/{mandate.uid}/evidence.zip")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    return ZipFile(io.BytesIO(answer.data))


def test_the_archive_holds_everything_a_contested_debit_needs(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    row = a_collection(mandate)
    announcement = last_mail(row).message_id
    archive = pack(browser(house.finance), mandate)
    assert archive.namelist() == sorted(
        [
            "MANIFEST.txt",
            "evenements.json",
            "mandat.pdf",
            "prelevements.json",
            "presente.pdf",
            "preuve.pdf",
            "texte-core-fr-1.txt",
        ]
    )
    assert archive.read("mandat.pdf") == content_of(stored(mandate).document)
    chain = json.loads(archive.read("evenements.json"))
    links = [Link(e["event"], e["previous_hash"], e["hash"]) for e in chain["events"]]
    assert verify(links, first=chain["envelope"], head=chain["head"]) is None
    assert chain["broken_at"] is None
    (debit,) = json.loads(archive.read("prelevements.json"))
    assert debit["end_to_end_id"] == row.end_to_end_id
    assert (debit["due_on"], debit["amount_cents"]) == (row.due_on.isoformat(), 12345)
    assert [mail["message_id"] for mail in debit["announcements"]] == [announcement]
    assert "DROPCLOUD SAS" in archive.read("texte-core-fr-1.txt").decode()
    assert IBAN.encode() not in archive.read("evenements.json")


def test_the_manifest_gives_the_fingerprint_of_every_file(house: House, browser) -> None:
    archive = pack(browser(house.operator), a_signed_mandate(house))
    lines = archive.read("MANIFEST.txt").decode().splitlines()[3:]
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert told == {
        name: sha256(archive.read(name)).hexdigest() for name in archive.namelist() if name != "MANIFEST.txt"
    }


def test_the_same_facts_give_the_same_bytes(house: House, browser, at) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate)
    path = f"/sepa/mandates/{mandate.uid}/evidence.zip"
    first = browser(house.finance).get(path).data
    at(MONDAY + timedelta(minutes=20))
    assert browser(house.owner).get(path).data == first
    mandate.suspend("AC04", by=SYSTEM)
    mandate.amendments  # noqa: B018 - loaded, still without a change
    assert browser(house.finance).get(path).data == first


def test_a_changed_account_is_in_the_archive(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    change, _token = ask_account(mandate, by=SYSTEM)
    enter_new_account(change, OTHER_IBAN, VISITOR)
    change.signer_name, change.signer_role = "Camille Martin", "gérante"
    assert mandate.link
    confirm_account(change, mandate.link, VISITOR)
    db.session.commit()
    archive = pack(browser(house.finance), mandate)
    assert archive.read("changement-1.pdf") == content_of(stored(change).document)


@pytest.mark.parametrize("role", [Role.SALES, Role.READER, Role.SUPPORT, Role.TECHNICIAN])
def test_only_finance_operator_and_owner_get_the_archive(house: House, browser, role: Role) -> None:
    mandate = a_signed_mandate(house)
    assert browser(house.people[role]).get(f"/sepa/mandates/{mandate.uid}/evidence.zip").status_code == 403


def test_another_resellers_archive_does_not_exist(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    assert browser(an_outsider(house)).get(f"/sepa/mandates/{mandate.uid}/evidence.zip").status_code == 404


# The public page


def check(client, pdf: bytes, name: str = "mandat.pdf"):
    """The body is written by hand: the test client would leave a large one open on the disk."""
    head = f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    head += "Content-Type: application/pdf\r\n\r\n"
    body = head.encode() + pdf + b"\r\n--cut--\r\n"
    return client.post("/verify", data=body, content_type="multipart/form-data; boundary=cut")


def words(answer) -> str:
    return answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("which", ["document", "proof"])
def test_anybody_checks_a_sealed_document(house: House, browser, which: str) -> None:
    mandate = a_signed_mandate(house)
    answer = check(browser(), content_of(getattr(mandate, which)))
    assert answer.status_code == 200
    assert "Ce document est intact et vient de ce portail." in words(answer)
    assert "Essai" in words(answer)  # the name in the certificate
    for private in (mandate.rum, mandate.debtor_name, mandate.uid, "contact@client.example"):
        assert private not in answer.text


@pytest.mark.parametrize("place", [200, 0.5, -300, -2])
def test_one_changed_byte_is_found(house: House, browser, place: float) -> None:
    pdf = bytearray(content_of(a_signed_mandate(house).document))
    index = int(len(pdf) * place) if isinstance(place, float) else place
    pdf[index] ^= 1
    answer = check(browser(), bytes(pdf))
    assert "n'est pas authentique" in words(answer)
    assert "Scellé par" not in answer.text


def test_bytes_added_after_the_seal_are_found(house: House, browser) -> None:
    pdf = content_of(a_signed_mandate(house).document)
    assert "n'est pas authentique" in words(check(browser(), pdf + b"\n% rien\n"))


def test_a_seal_of_somebody_else_is_no_seal(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    key, certificate = make_seal_certificate("Essai", MONDAY)
    forged = seal_pdf(shown_pdf(mandate), key_pem=key, cert_pem=certificate, reason="x", at=MONDAY)
    assert "n'est pas authentique" in words(check(browser(), forged))


def test_what_was_shown_is_known_though_it_carries_no_seal(house: House, browser) -> None:
    mandate = a_signed_mandate(house)
    assert "ne porte pas de sceau" in words(check(browser(), content_of(mandate.shown_document)))


def test_an_unsigned_mandate_is_not_issued(house: House, browser) -> None:
    mandate, _token = a_mandate(house)
    assert "n'est pas authentique" in words(check(browser(), shown_pdf(mandate)))


def test_what_is_no_pdf_or_too_large_is_refused_next_to_its_field(house: House, browser) -> None:
    assert check(browser(), b"bonjour").status_code == 422
    assert browser().post("/verify").status_code == 422
    assert "10 Mo au plus" in words(check(browser(), b"%PDF-" + b"0" * (10 * 1024 * 1024)))
    huge = check(browser(), b"%PDF-" + b"0" * (10 * 1024 * 1024 + 8192))
    assert huge.status_code == 413
    assert "Choisissez un fichier PDF" in words(huge)
    assert "n'est pas authentique" in words(check(browser(), b"%PDF-1.7\n" + bytes(1000)))


def test_an_address_that_hammers_waits(house: House, browser, at) -> None:
    client = browser()
    statuses = [check(client, b"x").status_code for _ in range(26)]
    assert statuses == [422] * 25 + [429]
    at(MONDAY + timedelta(seconds=16))
    assert [check(client, b"x").status_code for _ in range(2)] == [422, 429]
    at(MONDAY + timedelta(hours=2))
    assert [check(client, b"x").status_code for _ in range(2)] == [422, 422]
    assert browser().post("/login", data={"email": "a@b.example", "password": "x"}).status_code == 422


def test_the_page_itself_needs_nothing(house: House, browser) -> None:
    page = browser().get("/verify")
    assert page.status_code == 200
    assert "Le fichier n'est pas conservé" in words(page)
    set_scope(EVERYTHING)
