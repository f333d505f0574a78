"""The library's pages: list, values, upload, changes, publication."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.db import db
from portal.terms.models import TermsState, TermsVersion
from portal.terms.shipped import bundled_text
from tests.builders import House, stored
from tests.terms.builders import SALES_EMAIL, a_draft, a_published, a_text

Browser = Callable[..., FlaskClient]


def said(page: str) -> str:
    return page.replace("\u202f", " ").replace("\u00a0", " ").replace("&#39;", "'")


def test_everybody_on_the_staff_reads_a_document_with_its_clauses(house: House, browser: Browser) -> None:
    client = browser(house.reader)
    assert "000-2026" in client.get("/terms").text
    page = said(client.get("/terms/000-2026").text)
    for word in (
        "Prix de la commande garanti",
        "2 mois",
        "000-23",
        "4.2",
        "L1 : quatorze jours pour un consommateur",
    ):
        assert word in page
    assert client.get("/terms/000-2026/text").text == bundled_text("000")
    assert client.get("/terms/000-2099").status_code == 404


def test_a_pasted_version_becomes_a_draft_that_only_the_operator_sees(house: House, browser: Browser) -> None:
    client = browser(house.operator)
    answer = client.post("/terms/new", data={"text": a_text("000", "000-2027").replace("\n", "\r\n")})
    assert (answer.status_code, answer.location) == (303, "/terms/000-2027/changes")
    row = db.session.scalars(db.select(TermsVersion)).one()
    assert row.state == TermsState.DRAFT and "\r" not in row.text
    assert (row.uploaded_by, row.title) == (house.operator.name, "Conditions générales NATSO BACKUP+")
    assert "000-2027" in client.get("/terms").text
    reader = browser(house.owner)
    assert "000-2027" not in reader.get("/terms").text
    for page in ("", "/changes", "/text"):
        assert reader.get(f"/terms/000-2027{page}").status_code == 404


def test_a_file_takes_the_place_of_the_text(house: House, browser: Browser) -> None:
    file = (BytesIO(a_text("001", "001-2027").encode()), "wesend.toml")
    answer = browser(house.operator).post(
        "/terms/new", data={"file": file, "text": "autre"}, content_type="multipart/form-data"
    )
    assert answer.location == "/terms/001-2027/changes"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            '"price.lok_months" = { unit = "months", value = 2, clause = "000-23", article = "4.2" }',
            "price.lok_months (article 4.2) : clé inconnue ; vouliez-vous « price.lock_months »",
        ),
        (
            '"late.fixed_fee_cents" = { unit = "days", value = 2, clause = "000-23", article = "9.9" }',
            "late.fixed_fee_cents (article 9.9) : l'unité est « cents »",
        ),
        ("pas du toml", "fichier illisible"),
    ],
)
def test_a_fault_is_said_by_file_key_and_article_and_the_text_stays(
    house: House, browser: Browser, line: str, sentence: str
) -> None:
    answer = browser(house.operator).post("/terms/new", data={"text": a_text("000", "000-2027", line)})
    assert answer.status_code == 422
    page = said(answer.text)
    assert "document.toml" in page and sentence in page
    assert "price.revision_notice_months" in page
    assert db.session.scalars(db.select(TermsVersion)).all() == []


def test_a_faulty_file_stays_too_under_its_name(house: House, browser: Browser) -> None:
    file = (BytesIO(a_text("001", "001-2027", "?").encode()), "wesend.toml")
    answer = browser(house.operator).post(
        "/terms/new", data={"file": file}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert "wesend.toml" in answer.text and "001-2027" in answer.text


def test_what_is_not_text_is_refused_beside_the_file(house: House, browser: Browser) -> None:
    file = (BytesIO(b"\xff\xfe\x00x"), "wesend.toml")
    answer = browser(house.operator).post(
        "/terms/new", data={"file": file}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422 and "UTF-8" in answer.text


def test_a_kind_that_the_contract_does_not_rank_is_refused(house: House, browser: Browser) -> None:
    text = a_text("000", "000-2027").replace('kind = "general"', 'kind = "particular"')
    answer = browser(house.operator).post("/terms/new", data={"text": text})
    assert answer.status_code == 422 and "rang" in answer.text


def test_the_changes_stand_side_by_side_with_clause_and_article(house: House, browser: Browser) -> None:
    changed = '"price.lock_months" = { unit = "months", value = 3, clause = "000-23", article = "4.2 bis" }'
    text = a_text("000", "000-2027", SALES_EMAIL, changed, without="keys.per_licence")
    text = text.replace(
        '"price.lock_months" = { unit = "months", value = 2, clause = "000-23", article = "4.2" }\n', ""
    )
    client = browser(house.operator)
    client.post("/terms/new", data={"text": text})
    page = said(client.get("/terms/000-2027/changes").text)
    for word in (
        "2 mois",
        "3 mois",
        "4.2 bis",
        "x@y.example",
        "Clés par licence",
        "keys.per_licence",
        "ajouté",
        "supprimé",
        "modifié",
    ):
        assert word in page
    assert len(re.findall(r"<tr>\s*<td[^>]*>[^<]+<code", page)) == 3


def test_publishing_by_the_form_and_too_early(house: House, browser: Browser) -> None:
    row = a_draft(house, "003")
    client = browser(house.operator)
    assert 'value="2026-12-08"' in client.get("/terms/003-2027/changes").text
    early = client.post("/terms/003-2027/publication", data={"effective_on": "2026-12-07"})
    assert early.status_code == 422 and "moins de 15 jours" in said(early.text)
    assert stored(row).state == TermsState.DRAFT
    assert client.post("/terms/003-2027/publication", data={"effective_on": "2026-12-08"}).status_code == 303
    assert (stored(row).published_on, row.effective_on) == (date(2026, 11, 23), date(2026, 12, 8))
    assert client.post("/terms/003-2027/publication", data={"effective_on": "2027-12-08"}).status_code == 409
    assert "003-2027" in browser(house.reader).get("/terms").text


def test_withdrawing_by_the_form(house: House, browser: Browser) -> None:
    row = a_published(house, date(2026, 12, 15))
    assert browser(house.finance).post("/terms/000-2027/withdrawal").status_code == 403
    assert browser(house.operator).post("/terms/000-2027/withdrawal").status_code == 303
    assert stored(row).state == TermsState.WITHDRAWN
    assert browser(house.operator).post("/terms/000-2026/withdrawal").status_code == 404


@pytest.mark.parametrize("role", [Role.FINANCE, Role.OWNER, Role.READER])
def test_only_the_operator_uploads(house: House, browser: Browser, role: Role) -> None:
    client = browser(house.people[role])
    assert client.get("/terms/new").status_code == 403
    assert client.post("/terms/new", data={"text": "x"}).status_code == 403
