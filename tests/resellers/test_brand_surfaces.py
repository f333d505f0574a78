"""Whose house a customer deals with, on every page and paper, beside who invoices and who debits her."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient
from PIL import Image
from pypdf import PageObject, PdfReader

from portal.billing.documents import invoice_draft
from portal.blobs import Document, content_of
from portal.catalogue.models import Method
from portal.clock import now
from portal.customers.terms_requests import request_terms
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.papers import have_document
from portal.pdf.draft import Draft
from portal.resellers.brand import set_face, set_support
from portal.resellers.brand_paper import drawn, mark_for
from portal.reversibility.certificate import erasure_certificate
from portal.sepa.signing.documents import mandate_form, shown_pdf
from portal.subscriptions.ordering import place_order
from portal.transfers.models import ask_transfer
from tests.builders import House, a_customer, stored, work
from tests.customers.test_acceptance import accept, the_request, token_sent
from tests.sepa.people import a_mandate, a_signed_mandate, the_entity
from tests.subscriptions.builders import a_product
from tests.test_papers import bill
from tests.transfers.test_transfer import addresses, link_of, taker_of

Browser = Callable[..., FlaskClient]
NAME, SUPPORT = "Ouest Sauvegarde", "aide@ouest.example"
CREDITOR, ICS = "DROPCLOUD SAS", "FR15ZZZ588627"


def a_logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (1200, 400), "#0b6b5c").save(out, "PNG")
    return out.getvalue()


def a_brand(organisation: Any, logo: bytes, name: str = NAME, support: str = SUPPORT) -> None:
    set_face(organisation, name=name, accent="#0b6b5c", logo=logo, without_logo=False, by=SYSTEM)
    values = {"support_email": support, "support_phone": "02 40 00 00 00", "support_hours": "9 h à 18 h"}
    set_support(organisation, values, by=SYSTEM)
    db.session.commit()


def first_page(pdf: bytes) -> PageObject:
    return PdfReader(io.BytesIO(pdf)).pages[0]


def test_the_pages_behind_a_link_show_the_house_that_sent_it(house: House, browser: Browser) -> None:
    """The creditor stays named; a house beside shows nothing of its own."""
    a_brand(house.reseller, a_logo())
    a_brand(house.other, a_logo(), "Nord Archives", "aide@nord.example")
    _mandate, signing = a_mandate(house)
    asked = a_customer(house.reseller, name="Qui accepte", siren=None, accepted="")
    request_terms(asked, "natso", by=house.sales)
    db.session.commit()
    terms = token_sent(the_request())
    taker_of(house)
    transfer = ask_transfer(
        a_customer(house.reseller, name="Qui part", siren=None), house.other, by=house.operator
    )
    db.session.commit()
    giver, taker, customer = (link_of(address) for address in addresses(house))
    pages = {
        f"/sign/{signing}": NAME,
        f"/accept/{terms}": NAME,
        giver: NAME,
        customer: NAME,
        taker: "Nord Archives",
    }
    for path, name in pages.items():
        page = browser().get(path).text
        contact, other = (SUPPORT, "aide@nord.example")[:: 1 if name == NAME else -1]
        assert f'alt="{name}"' in page and "/colours.css" in page, path
        assert f"mailto:{contact}" in page and other not in page, path
    page = browser().get(f"/sign/{signing}").text
    assert f'<p class="for">{CREDITOR}</p>' in page and ICS in page
    stored(transfer).cancel(by=house.operator)
    db.session.commit()
    closed = browser().get(taker)  # a link that is over still says whose it was
    assert closed.status_code == 410 and "Nord Archives" in closed.text


def test_papers_show_the_house_beside_who_invoices_and_who_debits(house: House, browser: Browser) -> None:
    a_brand(house.reseller, a_logo())
    a_signed_mandate(house)
    buyer = a_customer(house.reseller, name="Acheteuse", siren=None)
    place_order(buyer, a_product(house), 5, Method.WIRE, by=SYSTEM)
    bill(buyer)
    accepting = a_customer(house.reseller, name="Qui accepte", siren=None, accepted="")
    request_terms(accepting, "natso", by=house.sales)
    db.session.commit()
    accept(browser(), token_sent(the_request()))
    set_scope(EVERYTHING)
    work()
    papers: dict[str, bytes] = {}
    for document in db.session.scalars(
        db.select(Document).where(Document.media_type == "application/pdf")
    ).all():
        if document.kind not in papers:
            have_document(document)
            papers[document.kind] = content_of(document)
    case: Any = SimpleNamespace(
        customer=accepting,
        subscription=SimpleNamespace(label="Coffre", terms_versions=["003"], uid="s"),
        vault=SimpleNamespace(name="Serveur", repository_id="r"),
        accepted_at=now(),
        accepted_by="Camille",
        requested_by="Camille",
        erase_now=True,
        reason="none",
        first_released_by="",
        released_by="Alix",
        erasure=None,
        manifest_sha256="",
    )
    destroyed: Any = SimpleNamespace(
        objects=1, bytes=1, keys=1, names_sha256="0" * 64, started_at=now(), finished_at=now()
    )
    draft, _seal = erasure_certificate(case, the_entity(), destroyed, "CE-1", now())
    mark = drawn(draft.mark)
    assert mark is not None
    papers["erasure"] = draft.build(mark.picture)
    for kind in ("invoice", "proforma", "mandate", "mandate_evidence", "terms_evidence", "erasure"):
        page = first_page(papers[kind])
        words = page.extract_text()
        assert NAME in words and SUPPORT in words and "Votre interlocuteur" in words, kind
        (picture,) = page.images
        assert picture.image is not None and picture.image.size == (540, 180), kind
        issuer = "Revendeur" if kind == "terms_evidence" else CREDITOR
        assert issuer in words, kind
    assert ICS in first_page(papers["mandate"]).extract_text()
    mandate, _token = a_mandate(house, accepting)
    blank = shown_pdf(mandate)
    assert blank == shown_pdf(mandate) and CREDITOR in first_page(blank).extract_text()
    assert mandate_form(mandate).creditor_name == CREDITOR


def test_a_logo_that_only_browsers_draw_is_a_name_on_paper_and_nothing_chosen_prints_nothing(
    house: House,
) -> None:
    """A mandate that is being signed is read again when the brand changed meanwhile; frozen papers stay."""
    mandate, _token = a_mandate(house)
    plain = shown_pdf(mandate)
    assert (
        mark_for(mandate.org_path, "fr") is None and "interlocuteur" not in first_page(plain).extract_text()
    )
    old = invoice_draft(bill(mandate.customer), "fr", mandate.legal_entity).as_values()
    assert (
        Draft.of({name: value for name, value in old.items() if name != "mark"}).build()
        == Draft.of(old).build()
    )
    a_brand(house.reseller, b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect/></svg>')
    mark = drawn(mark_for(mandate.org_path, "en"))
    assert mark is not None and (mark.name, mark.logo, mark.picture) == (NAME, "", b"")
    assert mark.lines[0] == "Your contact"
    assert shown_pdf(mandate) != plain and Draft.of(old).mark is None
