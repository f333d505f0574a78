"""A commission as people live it: paid by customers, stated on the second, paid by two people, taken back."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from lxml import etree
from pypdf import PdfReader

from portal import clock, jobs
from portal.access import Role
from portal.billing.credit_models import Refund, RefundFile, RefundState
from portal.billing.models import Invoice, Payment
from portal.books.entries import entries_of
from portal.catalogue.models import Method, Product
from portal.commissions.models import CommissionLine, CommissionStatement
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import SIRENS, House, a_customer, a_user, an_outsider, stored, work
from tests.margins.test_price_lists import reseller_of
from tests.subscriptions.builders import a_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table
from tests.test_today import todo
from tests.wholesale.test_month import agree

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def bought(house: House, name: str, product: Product, quantity: int, siren: str) -> Invoice:
    """A customer's order, paid by wire: the paid invoice of the provider."""
    customer = a_customer(house.reseller, name=name, siren=siren)
    order = place_order(customer, product, quantity, Method.WIRE, by=SYSTEM)
    record_wire(
        order,
        received_on=clock.today(),
        amount_cents=quantity * product.unit_cents,
        reference=f"VIR {name}",
        by=SYSTEM,
    )
    db.session.commit()
    return db.session.scalars(db.select(Invoice).where(Invoice.customer_id == customer.id)).one()


def on(at: At, day: datetime) -> None:
    """The worker's duties and tasks of a day."""
    at(day)
    jobs.run_periodic()
    work()
    set_scope(EVERYTHING)


def statements() -> list[CommissionStatement]:
    return list(db.session.scalars(db.select(CommissionStatement).order_by(CommissionStatement.id)))


def reverse(client: FlaskClient, invoice: Invoice) -> Any:
    payment = db.session.scalars(db.select(Payment).where(Payment.invoice_id == invoice.id)).first()
    assert payment is not None
    return client.post(f"/billing/payments/{payment.uid}/reversal", data={"reason": "Mauvais client"})


def test_what_customers_paid_is_stated_on_the_second_and_paid_once_by_two_people(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)  # 59,88 € with VAT: 49,90 € without
    agree(browser, house, product, "36,00")
    bought(house, "Boulangerie", product, 3, SIRENS[2])
    bought(house, "Garage", product, 1, SIRENS[3])
    on(at, datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert statements() == [], "on the first, the bank may still tell of the last day"
    on(at, datetime(2026, 12, 2, 9, tzinfo=UTC))
    on(at, datetime(2026, 12, 3, 9, tzinfo=UTC))
    (statement,) = statements()
    assert (statement.number, statement.month) == ("CO-2026-000001", date(2026, 11, 1))
    assert (statement.sold_cents, statement.bought_cents, statement.payable_cents) == (19_960, 12_000, 7_960)

    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "commissions/mail_statement")).one()
    assert mail.recipient == house.owner.email and "79,60" in mail.body
    assert statement.document is not None and mail.attachments == [statement.document.uid]
    owner, outsider = browser(house.owner), browser(an_outsider(house))
    assert "commission_statement" in owner.get("/webhooks").text
    money = text_of(owner.get("/margins").text)
    assert "Relevés de commission" in money and "CO-2026-000001" in money and "79,60 €" in money
    page = text_of(owner.get(f"/commissions/{statement.uid}").text)
    assert "Boulangerie" in page and "149,70 €" in page and "31 janv. 2027" in page
    head, *rows = table(owner.get(f"/commissions/{statement.uid}/lines.csv").text)
    assert head[-1] == "Marge" and [row[-1] for row in rows] == ["59,70", "19,90"]
    paper = PdfReader(BytesIO(owner.get(f"/commissions/{statement.uid}/statement.pdf").data))
    assert "79,60" in paper.pages[0].extract_text()
    for path in ("", "/lines.csv", "/statement.pdf"):
        assert outsider.get(f"/commissions/{statement.uid}{path}").status_code == 404
    assert browser(house.reader).get(f"/commissions/{statement.uid}").status_code == 403

    finance = browser(house.finance)
    (line,) = [each for each in todo(finance) if each["kind"] == "commission.pay"]
    assert "CO-2026-000001" in str(line["what"])
    refund = stored(statement).refund
    assert refund is not None and refund.invoice is None
    page = text_of(finance.get(f"/refunds/{refund.uid}").text)
    assert "CO-2026-000001" in page and "aucun compte connu" in page
    account = {"iban": "FR76 3000 6000 0112 3456 7890 189", "holder": "REVENDEUR"}
    assert finance.post(f"/refunds/{refund.uid}/account", data=account).status_code == 303
    refused = finance.post("/refunds/files", data={"entity": statement.legal_entity.uid})
    assert refused.status_code == 422, "an account of today waits for a week"
    at(datetime(2026, 12, 11, 9, tzinfo=UTC))
    finance = browser(house.finance)
    made = finance.post("/refunds/files", data={"entity": statement.legal_entity.uid})
    assert made.status_code == 303
    file = db.session.scalars(db.select(RefundFile)).one()
    assert finance.post(f"/refunds/files/{file.uid}/release").status_code == 422
    second = a_user(house.provider, Role.FINANCE, "Seconde")
    second.email = "seconde@fournisseur.example"
    db.session.commit()
    other = browser(second)
    assert other.post(f"/refunds/files/{file.uid}/release").status_code == 303
    root = etree.fromstring(other.post(f"/refunds/files/{file.uid}/file").data)
    text = {etree.QName(each).localname: each.text for each in root.iter() if each.text}
    assert (text["CtrlSum"], text["Ustrd"]) == ("79.60", "Commission CO-2026-000001")
    assert other.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-11"}).status_code == 303
    assert stored(refund).state == RefundState.REFUNDED
    assert [each["kind"] for each in todo(other)].count("commission.pay") == 0
    assert "payée" in text_of(browser(house.owner).get("/margins").text)
    assert "CO-2026-000001" in text_of(other.get("/refunds").text)
    entries = list(entries_of(statement.legal_entity, date(2026, 12, 1), date(2026, 12, 31)))
    booked = [(each.account.number, each.debit, each.credit) for one in entries for each in one.postings]
    assert booked == [("622200", 7_960, 0), ("411000", 0, 7_960), ("411000", 7_960, 0), ("512000", 0, 7_960)]
    note = {"note": "compte clos"}
    assert other.post(f"/refunds/{refund.uid}/return", data=note).status_code == 303
    assert stored(refund).state == RefundState.OWED, "the bank could not pay it: owed again"
    on(at, datetime(2027, 1, 2, 9, tzinfo=UTC))
    assert len(statements()) == 1, "nothing new, no statement"


def test_a_payment_that_was_a_mistake_is_taken_back_and_carried_until_made_good(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    agree(browser, house, product, "36,00")
    first = bought(house, "Boulangerie", product, 3, SIRENS[2])
    on(at, datetime(2026, 12, 2, 9, tzinfo=UTC))
    assert reverse(browser(house.finance), first).status_code == 303
    on(at, datetime(2027, 1, 2, 9, tzinfo=UTC))
    before, taken = statements()
    assert (before.payable_cents, taken.margin_cents, taken.payable_cents) == (5_970, -5_970, 0)
    assert taken.refund is None and taken.left_cents == -5_970
    page = text_of(browser(house.owner).get(f"/commissions/{taken.uid}").text)
    assert "\u221259,70 €" in page and "À reporter sur le prochain relevé" in page
    bought(house, "Garage", product, 4, SIRENS[3])
    on(at, datetime(2027, 2, 2, 9, tzinfo=UTC))
    last = statements()[-1]
    assert (last.margin_cents, last.carried_cents, last.payable_cents) == (7_960, -5_970, 1_990)


def test_a_credit_note_takes_its_share_back_and_what_is_not_paid_earns_nothing(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    agree(browser, house, product, "36,00")
    invoice = bought(house, "Boulangerie", product, 2, SIRENS[2])
    place_order(a_customer(house.reseller, siren=SIRENS[3]), product, 5, Method.WIRE, by=SYSTEM)
    db.session.commit()
    on(at, datetime(2026, 12, 2, 9, tzinfo=UTC))
    line = {"how_much": "part", "lines": invoice.lines[0].uid, "amount": "59,88"}
    data = {"reason": "goodwill", "note": "un poste de moins", **line}
    answer = browser(house.finance).post(f"/billing/invoices/{invoice.uid}/credit", data=data)
    assert answer.status_code == 303, text_of(answer.text)
    on(at, datetime(2027, 1, 2, 9, tzinfo=UTC))
    assert [each.margin_cents for each in statements()] == [3_980, -1_990]
    (taken,) = db.session.scalars(
        db.select(CommissionLine).where(CommissionLine.statement_id == statements()[1].id)
    )
    assert (taken.sold_cents, taken.bought_cents) == (-4_990, -3_000)


def test_who_has_earned_nothing_gets_no_statement_and_a_reseller_that_bills_itself_no_commission(
    house: House, browser: Browser, at: At
) -> None:
    product = a_product(house)
    bought(house, "Boulangerie", product, 1, SIRENS[2])
    on(at, datetime(2026, 12, 2, 9, tzinfo=UTC))
    assert statements() == [], "no price was agreed"
    assert "Relevés de commission" not in text_of(browser(house.owner).get("/margins").text)
    assert db.session.scalars(db.select(Customer)).one().name == "Boulangerie"
    assert reseller_of(house.reseller) and db.session.scalars(db.select(LegalEntity)).one()
    assert db.session.scalars(db.select(Refund)).all() == []
