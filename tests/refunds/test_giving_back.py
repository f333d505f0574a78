"""What is owed back: credit notes, announced debits that never leave, transfers of two people."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from lxml import etree

from portal import clock
from portal.access import Role
from portal.billing.balance import position_of
from portal.billing.credit_models import CreditNote, Refund, RefundFile, RefundState
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState
from portal.billing.run import start_run
from portal.blobs import content_of
from portal.catalogue.models import Method
from portal.changes.taking_back import undo_notice
from portal.customers.models import CustomerKind
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.sepa.models import Collection, CollectionState
from portal.subscriptions.giving_back import give_back_unused
from portal.subscriptions.key_ends import _charges_of
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user, stored, work
from tests.sepa.signed import sign_now
from tests.sepa.test_returns import back, book, credited, exported, invoice_of
from tests.subscriptions.builders import a_monthly_product, a_product
from tests.subscriptions.test_orders import text_of

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
CONSUMER = {"kind": CustomerKind.CONSUMER, "siren": None}


def the_entity() -> LegalEntity:
    return db.session.scalars(db.select(LegalEntity)).one()


def run(month: str) -> None:
    start_run(the_entity(), month, by=SYSTEM)
    work()


def one(model: Any) -> Any:
    return db.session.scalars(db.select(model)).one()


def by_debit(house: House, **values: Any) -> Subscription:
    """Two seats at 12.00 with VAT a month, under a signed mandate."""
    customer = a_customer(house.reseller, accepted="dropcloud", **values)
    sign_now(customer, the_entity())
    subscription = place_order(customer, a_monthly_product(house), 2, Method.DIRECT_DEBIT, by=SYSTEM).deliver(
        by=SYSTEM
    )
    db.session.commit()
    return subscription


def by_wire(house: House, amount_cents: int = 17_964, **values: Any) -> Subscription:
    """Three licences at 59.88 with VAT a year, paid."""
    order = place_order(a_customer(house.reseller, **values), a_product(house), 3, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=clock.today(), amount_cents=amount_cents, reference="VIR 1", by=SYSTEM)
    db.session.commit()
    return one(Subscription)


def withdraw(client: FlaskClient, subscription: Subscription) -> None:
    assert client.post(f"/subscriptions/{subscription.uid}/withdrawal").status_code == 303


def test_a_consumer_who_withdraws_is_neither_billed_nor_debited(
    house: House, browser: Browser, at: At
) -> None:
    """L221-18, L221-24: the month that stood on no invoice is never billed."""
    subscription = by_debit(house, **CONSUMER)
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    withdraw(browser(house.owner), subscription)
    for month in ("2026-11", "2026-12"):
        run(month)
    assert db.session.scalars(db.select(Invoice)).all() == []
    assert db.session.scalars(db.select(Collection)).all() == []


def test_000_37_a_debit_that_was_announced_is_cancelled_before_anything_is_given_back(
    house: House, browser: Browser, at: At
) -> None:
    subscription = by_debit(house, **CONSUMER)
    run("2026-11")
    debit, invoice = one(Collection), one(Invoice)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/withdrawal").text
    assert "0,00\xa0€ reçus pour ce qui est annulé" in page, "nothing was paid, so nothing comes back"
    withdraw(browser(house.owner), subscription)
    assert stored(debit).state == CollectionState.CANCELLED
    note = one(CreditNote)
    assert (note.net_cents, note.vat_cents, note.gross_cents) == (2_000, 400, 2_400)
    assert (stored(invoice).state, note.number) == (InvoiceState.CREDITED, "AV-2026-000001")
    assert db.session.scalars(db.select(Refund)).all() == []
    work()
    paper = " ".join(text_of(content_of(stored(note).document)).split())
    assert "AV-2026-000001" in paper and invoice.number in paper and "24,00 €" in paper
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "billing/mail_credit_note")).one()
    assert "AV-2026-000001" in mail.subject


def test_000_38_what_a_consumer_has_paid_is_owed_until_the_day_of_the_law_and_paid_by_two_people(
    house: House, browser: Browser, at: At
) -> None:
    """Order, wire, withdrawal, account, file, release by somebody else, bank: each through the pages."""
    subscription = by_wire(house, **CONSUMER)
    at(datetime(2026, 11, 25, 9, tzinfo=UTC))
    withdraw(browser(house.owner), subscription)
    refund = one(Refund)
    assert (refund.cents, refund.due_by, refund.clause) == (17_964, date(2026, 12, 9), "L1")
    finance, invoice = browser(house.finance), one(Invoice)
    page = finance.get(f"/refunds/{refund.uid}").text
    assert "aucun compte connu" in page and "9 déc. 2026" in page
    wrong = finance.post(f"/refunds/{refund.uid}/account", data={"iban": "FR76 1", "holder": "C. Martin"})
    assert wrong.status_code == 422
    account = {"iban": "FR76 3000 6000 0112 3456 7890 189", "holder": "Camille Martin"}
    assert finance.post(f"/refunds/{refund.uid}/account", data=account).status_code == 303
    assert "Prêts à partir" not in finance.get("/refunds").text, "an account of today waits for a week"
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    finance = browser(house.finance)
    assert "Prêts à partir" in finance.get("/refunds").text
    made = finance.post("/refunds/files", data={"entity": the_entity().uid})
    assert made.status_code == 303
    file = one(RefundFile)
    assert file.msg_id in finance.get("/refunds").text
    assert "Boulangerie Martin" in finance.get(f"/refunds/files/{file.uid}").text
    assert (file.count, file.total_cents, stored(refund).state) == (1, 17_964, RefundState.IN_FILE)
    assert finance.post(f"/refunds/files/{file.uid}/file").status_code == 422
    own = finance.post(f"/refunds/files/{file.uid}/release")
    assert own.status_code == 422 and "deuxième personne" in own.text
    second = a_user(house.provider, Role.FINANCE, "Seconde")
    second.email = "seconde@fournisseur.example"
    db.session.commit()
    other = browser(second)
    assert other.post(f"/refunds/files/{file.uid}/release").status_code == 303
    taken = other.post(f"/refunds/files/{file.uid}/file")
    root = etree.fromstring(taken.data)
    text = {etree.QName(each).localname: each.text for each in root.iter() if each.text}
    assert (text["CtrlSum"], text["InstdAmt"], text["Nm"]) == ("179.64", "179.64", "Camille Martin")
    assert (text["MsgId"], text["Ustrd"]) == (file.msg_id, f"Remboursement {invoice.number}")
    assert other.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-02"}).status_code == 303
    assert stored(refund).state == RefundState.REFUNDED
    now = position_of(invoice)
    assert (now.invoiced, now.credited, now.received, now.refunded, now.rest) == (
        17_964,
        17_964,
        17_964,
        17_964,
        0,
    )
    note = {"note": "compte clos"}
    assert finance.post(f"/refunds/{refund.uid}/return", data=note).status_code == 303
    assert stored(refund).state == RefundState.OWED


def test_one_cent_missing_holds_no_key_and_a_surplus_is_owed(house: House, browser: Browser) -> None:
    by_wire(house, 17_963)
    first = one(Invoice)
    assert (first.state, position_of(first).rest) == (InvoiceState.PAID, 0)
    order = place_order(first.customer, a_product(house, code="X"), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    client, wire = browser(house.finance), {"received_on": "2026-11-23", "reference": "VIR 2"}
    less = client.post(f"/orders/{order.uid}/payment", data=wire | {"amount": "58,87"})
    assert less.status_code == 422 and "ne correspond pas" in less.text
    assert client.post(f"/orders/{order.uid}/payment", data=wire | {"amount": "60,00"}).status_code == 303
    refund = one(Refund)
    assert (refund.cents, refund.due_by) == (12, date(2026, 12, 23))


def test_a_day_before_the_order_pays_nothing(house: House, browser: Browser) -> None:
    order = place_order(a_customer(house.reseller), a_product(house), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    wire = {"received_on": "2020-01-01", "reference": "VIR 3", "amount": "59,88"}
    answer = browser(house.finance).post(f"/orders/{order.uid}/payment", data=wire)
    assert answer.status_code == 422 and "précède de plus" in answer.text


def a_debt(house: House, cents: int = 10_000) -> Invoice:
    """An invoice by wire of 100.00 without VAT."""
    subscription = by_wire(house)
    subscription.owe(origin="x", label="Restauration", unit_cents=cents, includes_vat=False)
    db.session.commit()
    run("2026-11")
    return db.session.scalars(db.select(Invoice).where(Invoice.state == InvoiceState.ISSUED)).one()


def credit(client: FlaskClient, invoice: Invoice, **values: str) -> Any:
    form = {"how_much": "all", "reason": "error", "note": "Facturé par erreur.", "once": "abcdefghij234567"}
    return client.post(f"/billing/invoices/{invoice.uid}/credit", data=form | values)


def test_an_invoice_is_taken_back_by_parts_and_never_beyond_itself(house: House, browser: Browser) -> None:
    invoice, client = a_debt(house), browser(house.finance)
    (line,) = invoice.lines
    part = {"how_much": "part", "lines": line.uid}
    assert "Établir un avoir" in client.get(f"/billing/invoices/{invoice.uid}").text
    assert credit(client, invoice, **part, amount="100,01").status_code == 422
    assert credit(client, invoice, how_much="lines").status_code == 422
    assert credit(client, invoice, note="").status_code == 422
    assert credit(client, invoice, **part, amount="33,33").status_code == 303
    assert credit(client, invoice, **part, amount="33,33").status_code == 303, "the same form, once"
    (note,) = db.session.scalars(db.select(CreditNote)).all()
    assert (note.net_cents, note.vat_cents) == (3_333, 667)
    assert position_of(stored(invoice)).rest == 12_000 - 4_000
    assert credit(client, invoice, once="bbcdefghij234567").status_code == 303
    notes = db.session.scalars(db.select(CreditNote).order_by(CreditNote.id)).all()
    assert sum(each.gross_cents for each in notes) == 12_000 and notes[1].vat_cents == 1_333
    assert stored(invoice).state == InvoiceState.CREDITED
    again = credit(client, invoice, once="ccdefghijk234567")
    assert again.status_code == 422 and "ne reste rien" in again.text
    assert "AV-2026-000002" in client.get("/billing/credit-notes").text
    assert browser(house.operator).post(f"/billing/invoices/{invoice.uid}/credit").status_code == 403


def test_a_credit_lowers_the_debit_that_was_announced(house: House, browser: Browser) -> None:
    by_debit(house)
    run("2026-11")
    invoice, debit = one(Invoice), one(Collection)
    part = {"how_much": "part", "lines": invoice.lines[0].uid, "amount": "6,00"}
    assert credit(browser(house.finance), invoice, **part).status_code == 303
    assert (stored(debit).amount_cents, debit.state) == (1_800, CollectionState.ANNOUNCED)
    assert stored(invoice).state == InvoiceState.ISSUED


def test_what_is_owed_pays_another_invoice_only_with_consent(house: House, browser: Browser) -> None:
    invoice, client = a_debt(house), browser(house.finance)
    paid = db.session.scalars(db.select(Invoice).where(Invoice.state == InvoiceState.PAID)).one()
    assert credit(client, paid).status_code == 303
    refund = one(Refund)
    address, offered = f"/refunds/{refund.uid}/set-off", {"invoice": invoice.uid, "consent": " "}
    assert client.post(address, data=offered).status_code == 422
    assert client.post(address, data=offered | {"consent": "oui, par e-mail"}).status_code == 303
    assert stored(invoice).state == InvoiceState.PAID and position_of(invoice).rest == 0
    rows = db.session.scalars(db.select(Refund).order_by(Refund.id)).all()
    assert [(row.cents, row.state) for row in rows] == [
        (12_000, RefundState.SET_OFF),
        (5_964, RefundState.OWED),
    ]
    assert position_of(paid).rest == -5_964


def test_a_free_exit_gives_back_the_days_after_the_end(house: House, browser: Browser, at: At) -> None:
    """Annual fee paid ahead; the consumer was never reminded and leaves (L2, C. conso L215-1)."""
    subscription = by_wire(house, **CONSUMER)
    at(datetime(2027, 11, 24, 9, tzinfo=UTC))
    run("2027-11")
    renewal = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
    pay_by_wire(renewal, clock.today(), "VIR 9", by=SYSTEM)
    db.session.commit()
    at(datetime(2027, 12, 23, 9, tzinfo=UTC))
    form = {"sent_on": "2027-12-23", "reason": "none", "early": "y"}
    answer = browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert answer.status_code == 303, answer.text
    ended = stored(subscription)
    assert ended.refund_cents and ended.ends_on
    at(datetime.combine(ended.ends_on, datetime.min.time(), UTC) + timedelta(hours=9))
    give_back_unused()
    give_back_unused()
    db.session.commit()
    note, refund = one(CreditNote), one(Refund)
    assert note.gross_cents == refund.cents == ended.refund_cents < renewal.gross_cents
    assert refund.due_by == ended.ends_on + timedelta(30)


def test_001_47_a_month_billed_ahead_that_never_begins_comes_back(
    house: House, browser: Browser, at: At
) -> None:
    """Months from the 30th: the run of the 2nd bills ahead of the last day for a notice."""
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    subscription = by_debit(house)
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    run("2026-12")
    ahead = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc())).first()
    assert ahead is not None and ahead.gross_cents == 2 * 2_400, "from 30 November and from 30 December"
    pay_by_wire(ahead, clock.today(), "VIR 9", by=SYSTEM)
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    form = {"sent_on": "2026-12-15", "reason": "none"}
    answer = browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert answer.status_code == 303, answer.text
    ended = stored(subscription)
    assert (ended.ends_on, ended.refund_cents, ended.refund_clause) == (date(2026, 12, 30), 2_400, "001-47")
    assert one(CreditNote).gross_cents == one(Refund).cents == 2_400, "at once: nothing of it is consumed"
    at(datetime(2026, 12, 30, 9, tzinfo=UTC))
    give_back_unused()
    db.session.commit()
    assert one(CreditNote).gross_cents == one(Refund).cents == 2_400


def test_000_57_the_debit_of_a_month_that_never_begins_is_called_off_with_the_notice(
    house: House, browser: Browser, at: At
) -> None:
    """Announced with the month before it: lowered at once, and told with one credit note."""
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    subscription = by_debit(house)
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    run("2026-12")
    work()
    debit = one(Collection)
    assert (debit.amount_cents, debit.state) == (4_800, CollectionState.ANNOUNCED)
    at(datetime(2026, 12, 4, 9, tzinfo=UTC))
    form = {"sent_on": "2026-12-04", "reason": "none"}
    answer = browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert answer.status_code == 303, answer.text
    work()
    assert (stored(debit).amount_cents, debit.state) == (2_400, CollectionState.ANNOUNCED)
    note = one(CreditNote)
    assert (note.gross_cents, note.clause) == (2_400, "001-47")
    assert stored(subscription).billed_before == subscription.ends_on == date(2026, 12, 30)
    mails = db.session.scalars(db.select(Mail).where(Mail.kind == "billing/mail_credit_note")).all()
    assert ["annulé ou abaissé" in mail.body for mail in mails] == [True]
    at(datetime(2026, 12, 30, 9, tzinfo=UTC))
    give_back_unused()
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    run("2027-01")
    assert len(db.session.scalars(db.select(CreditNote)).all()) == 1, "once"
    assert len(db.session.scalars(db.select(Invoice)).all()) == 1, "and it is not billed again"


def test_a_month_that_was_called_off_is_billed_anew_once_the_notice_is_taken_back(
    house: House, browser: Browser, at: At
) -> None:
    at(datetime(2026, 11, 30, 9, tzinfo=UTC))
    subscription = by_debit(house)
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    run("2026-12")
    at(datetime(2026, 12, 4, 9, tzinfo=UTC))
    form = {"sent_on": "2026-12-04", "reason": "none"}
    browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    undo_notice(stored(subscription), "Un malentendu", by=SYSTEM)
    db.session.commit()
    assert [start for start, _charge in _charges_of(stored(subscription))] == [date(2026, 11, 30)]
    at(datetime(2026, 12, 31, 9, tzinfo=UTC))
    run("2026-12")
    again = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc())).first()
    assert again is not None and again.gross_cents == 2_400
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    form["sent_on"] = "2027-01-04"
    browser(house.owner).post(f"/subscriptions/{subscription.uid}/termination", data=form)
    assert stored(subscription).ends_on == date(2027, 1, 30)
    assert len(db.session.scalars(db.select(CreditNote)).all()) == 1


def test_a_debit_that_comes_back_after_the_credit_leaves_nothing_owed(house: House, browser: Browser) -> None:
    """Withdrawn while the debit was with the bank: credited, so owed; charged back, so owed no more."""
    _batch, (row,) = exported(house)
    invoice = invoice_of(row)
    assert credit(browser(house.finance), invoice).status_code == 303
    assert stored(invoice).state == InvoiceState.CREDITED
    assert db.session.scalars(db.select(Refund)).all() == []
    book(credited(row))
    refund = one(Refund)
    assert (refund.cents, refund.state) == (row.amount_cents, RefundState.OWED)
    book(back(row, "MD06"))
    assert stored(refund).state == RefundState.DROPPED
    assert (position_of(invoice).rest, stored(invoice).state) == (0, InvoiceState.CREDITED)


def test_a_debit_that_comes_back_is_not_presented_again_for_what_was_credited(
    house: House, browser: Browser
) -> None:
    """No money: the bank gives it back, and of ten euros nine are owed no more."""
    _batch, (row,) = exported(house)
    invoice = invoice_of(row)
    part = {"how_much": "part", "lines": invoice.lines[0].uid, "amount": "9,00"}
    assert credit(browser(house.finance), invoice, **part).status_code == 303
    book(back(row, "AM04"))
    again = db.session.scalars(db.select(Collection).where(Collection.attempt == 2)).one()
    assert again.amount_cents == 100
    rest = credit(browser(house.finance), stored(invoice), once="bbcdefghij234567")
    assert rest.status_code == 303 and stored(again).state == CollectionState.CANCELLED
