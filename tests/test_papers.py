"""A numbered paper is frozen with its number and printed afterwards, once, whoever asks for it first."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import DatabaseError

from portal import clock, papers
from portal.billing.models import Invoice, add_charge, pending_charges
from portal.billing.run import Bill, bill_charges
from portal.blob_stores import FolderStore
from portal.blobs import Document, content_of
from portal.catalogue.models import Method
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.errors import Unreadable
from portal.jobs import Task, TaskState, drain, find_task
from portal.mail import Mail, MailState
from portal.papers import Paper
from portal.pdf.document import Party
from portal.pdf.draft import Draft
from portal.resellers.models import LegalEntity
from tests.builders import House, a_customer, a_house, an_outsider, stored, work
from tests.installation import Installs
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]


def bill(customer: Customer, origin: str = "x") -> Invoice:
    """Issue an invoice and commit; nothing is printed yet."""
    entity = db.session.scalars(db.select(LegalEntity)).one()
    add_charge(
        customer,
        origin=origin,
        label="Un an",
        quantity=1,
        unit_cents=1000,
        includes_vat=False,
        method=Method.WIRE,
    )
    [invoice] = bill_charges([Bill(customer, pending_charges(customer), Method.WIRE)], entity)
    db.session.commit()
    return invoice


def an_invoice(house: House) -> Invoice:
    return bill(a_customer(house.reseller, name="Boulangerie Martin"))


def away(*_: object) -> None:
    raise OSError("no route to host")


def hurry() -> None:
    set_scope(EVERYTHING)
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()


def states() -> list[MailState]:
    set_scope(EVERYTHING)
    db.session.rollback()
    return list(db.session.scalars(db.select(Mail.state)))


def test_the_pdf_says_what_was_true_when_the_number_was_taken(house: House) -> None:
    invoice = an_invoice(house)
    assert not invoice.document.is_there
    invoice.customer.name, invoice.customer.language = "Tout autre nom", "en"
    db.session.commit()
    work()
    text = text_of(content_of(stored(invoice).document))
    assert "Boulangerie Martin" in text and "Facture" in text and "Tout autre nom" not in text


def test_printed_again_it_is_the_same_bytes(house: House) -> None:
    invoice = an_invoice(house)
    work()
    document = stored(invoice).document
    assert papers.build(papers.values_of(document)) == content_of(document)


def test_what_a_paper_says_is_changed_by_nobody(house: House) -> None:
    document = an_invoice(house).document
    with pytest.raises(DatabaseError, match="frozen"), db.session.begin_nested():
        db.session.execute(db.update(Paper).values(content_sha256="x"))
    paper = db.session.scalars(db.select(Paper).where(Paper.document_id == document.id)).one()
    paper.content = papers._packed({"draft": {}, "seal": None})  # with the keys, past the portal
    with pytest.raises(Unreadable):
        papers.values_of(document)


def test_the_mail_leaves_behind_the_document(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    write = FolderStore.write
    monkeypatch.setattr(FolderStore, "write", away)
    invoice = an_invoice(house)
    for _hour in range(12):
        work()
        hurry()
    task = find_task(papers.KIND, invoice.document.uid)
    assert task is not None and (task.state, task.attempts) == (TaskState.QUEUED, 0)
    assert states() == [MailState.QUEUED]
    monkeypatch.setattr(FolderStore, "write", write)
    work()
    assert states() == [MailState.SENT]
    assert len(db.session.scalars(db.select(Document)).all()) == 1


def test_whoever_opens_it_first_has_it_printed(house: House, browser: Browser) -> None:
    invoice = an_invoice(house)
    uid = invoice.document.uid
    assert f"/documents/{uid}" in browser(house.owner).get(f"/billing/invoices/{invoice.uid}").text
    assert browser(an_outsider(house)).get(f"/documents/{uid}").status_code == 404
    opened = browser(house.owner).get(f"/documents/{uid}")
    assert opened.status_code == 200 and opened.data.startswith(b"%PDF")
    set_scope(EVERYTHING)
    key = stored(invoice).document.storage_key
    work()
    assert states() == [MailState.SENT]
    assert stored(invoice).document.storage_key == key
    assert browser(house.owner).get(f"/documents/{uid}").data == opened.data


def test_a_sealed_paper_killed_before_its_note_leaves_one_object(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = Party("Hopla SAS", ())
    draft = Draft("Certificat", party, party, (), (), "fr", "Page")
    seal = papers.Seal("Intégrité", clock.now())
    document = papers.promise(
        draft, owner=house.reseller, subject=house.reseller, kind="report", filename="x.pdf", seal=seal
    )
    db.session.commit()
    uid, write, keys = document.uid, FolderStore.write, []

    def killed(store: FolderStore, key: str, content: bytes) -> None:
        write(store, key, content)
        keys.append(key)
        if len(keys) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(FolderStore, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        papers.have_document(document)
    db.session.rollback()
    document = stored(document)
    papers.have_document(document)
    assert keys == [document.storage_key] * 2 and document.uid == uid
    assert check_seal(content_of(document), keyring().seal_certificate_pem).is_sound


def test_a_page_says_that_it_is_not_there_yet(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = an_invoice(house)
    monkeypatch.setattr(FolderStore, "write", away)
    answer = browser(house.owner).get(f"/documents/{invoice.document.uid}")
    assert answer.status_code == 503 and "sera imprimé" in answer.text


def test_a_slow_store_holds_no_number(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    write = FolderStore.write

    def slow(store: FolderStore, key: str, content: bytes) -> None:
        reached.set()
        assert go_on.wait(30)
        write(store, key, content)

    with an_installation(tmp_path) as place:

        def print_it() -> None:
            with place.app.app_context():
                drain()

        with place.context():
            house = a_house()
            customers = [a_customer(house.reseller, name=name, siren=None) for name in ("Un", "Deux")]
            bill(customers[0], "1")
            monkeypatch.setattr(FolderStore, "write", slow)
            printing = threading.Thread(target=print_it)
            printing.start()
            assert reached.wait(30)
            assert bill(customers[1], "2").number == "FA-2026-000002"  # while the first one is being written
            db.session.rollback()
            go_on.set()
            printing.join(30)
            drain()
            set_scope(EVERYTHING)
            assert all(document.is_there for document in db.session.scalars(db.select(Document)))
            assert states() == [MailState.SENT] * 2
