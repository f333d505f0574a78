"""The books of random lives: sold, paid, credited, charged back, refunded, and each cent is explained.

What the bank has is kept by the test from its own files and wires; what was invoiced and credited is read
from the papers at the end, not from the tables.
"""

import io
import random
import re
from collections import Counter
from itertools import count

import pytest
from lxml import etree

from portal.access import Role
from portal.billing.balance import position_of
from portal.billing.credit_models import CreditNote, CreditReason, Refund, RefundFile, RefundState
from portal.billing.credit_notes import issue_credit_note, rest_of, share_of
from portal.billing.debits import pay_by_wire
from portal.billing.models import Invoice, InvoiceState, Payment, PaymentKind, add_charge
from portal.billing.run import bill_customers
from portal.blobs import content_of, keep
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.errors import PortalError
from portal.journal import SYSTEM
from portal.refunds.files import cancel_file, make_file, release_file, send_file, take_back
from portal.refunds.setting_off import open_invoices, set_off
from portal.sepa.batches.export import write_batch
from portal.sepa.models import Collection, CollectionState
from portal.sepa.models.freezing import freeze_batches
from portal.sepa.returns.book import import_bank_file
from portal.sepa.returns.react import react_now
from tests.builders import House, a_customer, a_user, work
from tests.conftest import MONDAY
from tests.sepa.bank_files import Back, camt, on_its_day
from tests.sepa.people import a_signed_mandate, the_entity
from tests.subscriptions.test_orders import text_of

TODAY = MONDAY.date()
_number = count(1)
_TOTAL = re.compile(r"Total TTC\s*([0-9\s]+,[0-9]{2})")


def cents_on(paper: bytes) -> int:
    """What a paper asks for or gives back, as it is printed."""
    found = _TOTAL.search(text_of(paper))
    assert found, text_of(paper)
    return int(re.sub(r"\D", "", found[1]))


class Books:
    """``bank``: cents that came in, less those that went out, by customer."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house, self.chance = house, chance
        self.done: Counter[str] = Counter()
        self.customers: list[Customer] = []
        for _each in range(2):
            customer = a_customer(self.house.reseller, name=f"Client {next(_number)}", siren=None)
            mandate = a_signed_mandate(self.house, customer)
            mandate.signed_on = TODAY.replace(month=1)  # its account has been hers for long
            self.customers.append(customer)
        db.session.commit()
        self.bank: Counter[int] = Counter()

    def invoices(self, customer: Customer) -> list[Invoice]:
        query = db.select(Invoice).where(Invoice.customer_id == customer.id)
        return list(db.session.scalars(query.order_by(Invoice.id)))

    def one(self, at: int, which: int, *states: InvoiceState) -> Invoice | None:
        found = [row for row in self.invoices(self.customers[at]) if not states or row.state in states]
        return found[which % len(found)] if found else None

    def step(self) -> None:
        """One of the things that happen, with what chance gives."""
        chance, at, which = self.chance, self.chance.randrange(2), self.chance.randrange(10)
        match chance.choices(
            ["sell", "wire", "credit", "hand in", "bank", "refund", "set off"], [5, 4, 4, 2, 6, 2, 3]
        )[0]:
            case "sell":
                self.sell(
                    at,
                    chance.randint(1, 9_999),
                    chance.random() < 0.5,
                    chance.random() < 0.6,
                    chance.randint(1, 3),
                )
            case "wire":
                self.wire(at, which, chance.choice([1, 50, 99, 100, 100, 101, 200]))
            case "credit":
                self.credit(at, which, chance.random() < 0.4, chance.randint(1, 100))
            case "hand in":
                self.hand_in()
            case "bank":
                self.bank_says(at, which, chance.choice(["", "", "", "AM04", "MD06"]))
            case "refund":
                self.refund(chance.random() < 0.8, chance.random() < 0.3)
            case "set off":
                self.set_against(at, which)

    def attempt(self, act: object, *given: object, **named: object) -> bool:
        """Was it done? What is refused changes nothing."""
        try:
            act(*given, **named)  # type: ignore[operator]
        except PortalError:
            db.session.rollback()
            return False
        db.session.commit()
        self.done[act.__name__] += 1  # type: ignore[attr-defined]
        return True

    def sell(self, at: int, cents: int, tax: bool, debit: bool, lines: int) -> None:
        for line in range(lines):
            add_charge(
                self.customers[at],
                origin=f"books-{next(_number)}",
                label="Service",
                quantity=line + 1,
                unit_cents=cents,
                includes_vat=tax,
                method=Method.DIRECT_DEBIT if debit else Method.WIRE,
            )
        bill_customers([self.customers[at]], the_entity(), TODAY)
        db.session.commit()

    def wire(self, at: int, which: int, share: int) -> None:
        """In part, to a cent or so, whole, or too much."""
        invoice = self.one(at, which, InvoiceState.ISSUED)
        if invoice is None:
            return
        amount = max(position_of(invoice).rest * share // 100, 1)
        reference = f"VIR {next(_number)}"
        if self.attempt(pay_by_wire, invoice, TODAY, reference, by=SYSTEM, amount_cents=amount):
            self.bank[self.customers[at].id] += amount

    def credit(self, at: int, which: int, whole: bool, share: int) -> None:
        invoice = self.one(at, which)
        if invoice is None:
            return
        line = invoice.lines[0]
        part = share_of(invoice, line, line.unit_cents * line.quantity * share // 100)
        parts = rest_of(invoice) if whole else [part]
        named = {"origin": f"books:{next(_number)}", "reason": CreditReason.ERROR, "by": SYSTEM}
        self.attempt(issue_credit_note, invoice, parts, **named)

    def hand_in(self) -> None:
        """Every announced debit leaves in a file."""
        try:
            batches = freeze_batches(the_entity(), "CORE", TODAY.replace(year=2099), SYSTEM)
        except PortalError:
            db.session.rollback()
            return
        db.session.commit()
        for batch in batches:
            file = io.BytesIO()
            write_batch(batch, file)
            named = {"kind": "batch", "filename": "r.xml", "media_type": "application/xml"}
            batch.finish(keep(file.getvalue(), owner=batch.organisation, subject=batch, **named))
        db.session.commit()

    def bank_says(self, at: int, which: int, reason: str) -> None:
        """A debit is credited, or comes back, before it was credited or afterwards."""
        ours = [row.uid for row in self.invoices(self.customers[at])]
        states = [CollectionState.EXPORTED, CollectionState.ACCEPTED, CollectionState.SETTLED]
        query = db.select(Collection).where(Collection.state.in_(states)).order_by(Collection.id)
        rows = [row for row in db.session.scalars(query) if row.debt_uid in ours]
        if not rows:
            return
        row = rows[which % len(rows)]
        was_settled = row.state == CollectionState.SETTLED
        if was_settled and not reason:
            return
        said = Back(row.end_to_end_id, row.amount_cents, reason, credited=not reason, booked_on=row.due_on)
        data = camt([said], message_id=f"BOOKS-{next(_number)}")
        with on_its_day(data):
            react_now(import_bank_file(the_entity(), data, "banque.xml", by=SYSTEM).file)
            db.session.commit()
        self.done[f"debit {reason} {was_settled}"] += 1
        if not reason:
            self.bank[self.customers[at].id] += row.amount_cents
        elif was_settled:
            self.bank[self.customers[at].id] -= row.amount_cents

    def refund(self, sent: bool, refused: bool) -> None:
        """A file of transfers by two people; it leaves or not, and the bank may be unable to pay one."""
        first, second = self.house.people[Role.FINANCE], self.house.people[Role.OPERATOR]
        if not self.attempt(make_file, the_entity(), by=first):
            return
        file = db.session.scalars(db.select(RefundFile).order_by(RefundFile.id.desc()).limit(1)).one()
        if not sent:
            assert self.attempt(cancel_file, file, by=second)
            return
        assert not self.attempt(release_file, file, by=first)
        assert self.attempt(release_file, file, by=second) and self.attempt(send_file, file, TODAY, by=second)
        amounts = [
            element.text for element in etree.fromstring(content_of(file.document)).iter("{*}InstdAmt")
        ]
        refunds = list(file.refunds)
        for refund, amount in zip(refunds, amounts, strict=True):
            self.bank[refund.customer_id] -= int(str(amount).replace(".", ""))
        if refused and refunds:
            self.bank[refunds[0].customer_id] += refunds[0].cents
            assert self.attempt(take_back, refunds[0], "compte clos", by=second)

    def set_against(self, at: int, which: int) -> None:
        query = db.select(Refund).where(
            Refund.customer_id == self.customers[at].id, Refund.state == RefundState.OWED
        )
        for refund in db.session.scalars(query.order_by(Refund.id)).all()[:1]:
            if found := open_invoices(refund):
                self.attempt(set_off, refund, found[which % len(found)], "oui", by=SYSTEM)

    def every_cent_is_explained(self) -> None:
        """invoiced + charged - credited = received - refunded + owed - surplus."""
        for customer in self.customers:
            positions = [(row, position_of(row)) for row in self.invoices(customer)]
            invoiced = sum(now.invoiced for _row, now in positions)
            credited = sum(now.credited for _row, now in positions)
            query = db.select(Payment.amount_cents).join(Invoice, Invoice.id == Payment.invoice_id)
            query = query.where(Invoice.customer_id == customer.id, Payment.kind == PaymentKind.LET_GO)
            let_go = sum(db.session.scalars(query))
            owed = sum(max(now.rest, 0) for _row, now in positions)
            surplus = sum(
                refund.cents
                for refund in db.session.scalars(db.select(Refund).where(Refund.customer_id == customer.id))
                if refund.state in {RefundState.OWED, RefundState.IN_FILE}
            )
            assert invoiced - credited == self.bank[customer.id] + let_go + owed - surplus
            for row, now in positions:
                assert (row.state == InvoiceState.ISSUED) == (now.rest > 0)
                assert now.owed == max(-now.rest, 0)

    def no_debit_asks_for_more_than_is_owed(self) -> None:
        for customer in self.customers:
            for row in self.invoices(customer):
                query = db.select(Collection).where(Collection.source_uid.startswith(row.uid))
                asked = [
                    each for each in db.session.scalars(query) if each.state == CollectionState.ANNOUNCED
                ]
                assert sum(each.amount_cents for each in asked) <= max(position_of(row).rest, 0)

    def papers_say_the_same(self) -> None:
        """The papers say the same."""
        work()
        db.session.expire_all()
        for customer in self.customers:
            own = [row.document for row in self.invoices(customer)]
            query = db.select(CreditNote).where(CreditNote.customer_id == customer.id)
            taken = [row.document for row in db.session.scalars(query)]
            printed = sum(cents_on(content_of(each)) for each in own if each)
            printed -= sum(cents_on(content_of(each)) for each in taken if each)
            positions = [position_of(row) for row in self.invoices(customer)]
            assert printed == sum(now.invoiced - now.credited for now in positions)


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.parametrize("seed", [1, 2])
def test_every_cent_of_random_lives_is_explained(house: House, seed: int) -> None:
    house.people[Role.OPERATOR] = a_user(house.provider, Role.FINANCE, "Seconde")
    house.people[Role.OPERATOR].email = "seconde@fournisseur.example"
    db.session.commit()
    books = Books(house, random.Random(seed))
    for _step in range(110):
        books.step()
        books.every_cent_is_explained()
        books.no_debit_asks_for_more_than_is_owed()
    acts = {"pay_by_wire", "issue_credit_note", "make_file"}
    assert acts <= set(books.done), "each thing happened"
    books.papers_say_the_same()
