"""The life of a debit as a machine: whatever people and the bank do, in whatever order."""

import io
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.billing.models import Invoice, add_charge
from portal.billing.run import bill_customers
from portal.blobs import keep
from portal.catalogue.models import Method
from portal.db import db
from portal.errors import IllegalStep, PortalError, Refused
from portal.journal import SYSTEM
from portal.sepa.batches.export import write_batch
from portal.sepa.models import Batch, Collection
from portal.sepa.models.freezing import freeze_batches
from portal.sepa.returns.book import import_bank_file
from portal.sepa.returns.react import react_now
from tests.builders import House, a_customer
from tests.conftest import MONDAY
from tests.sepa.bank_files import Back, camt, on_its_day, pain002
from tests.sepa.people import a_signed_mandate, the_entity

TODAY = MONDAY.date()
REASONS = ("AM04", "MS03", "AC04", "MD06", "MD01", "MS02", "FF01", "XX99")
# Typed from the procedure: where each act of a person leads; elsewhere it is refused.
BY_PEOPLE = {
    ("announced", "hold"): "held",
    ("held", "unhold"): "announced",
    ("announced", "postpone"): "announced",
    ("announced", "cancel"): "cancelled",
    ("held", "cancel"): "cancelled",
}
BY_BANK = {
    ("exported", "accepted"): "accepted",
    ("exported", "settled"): "settled",
    ("accepted", "settled"): "settled",
    ("exported", "returned"): "returned",
    ("accepted", "returned"): "returned",
    ("settled", "returned"): "returned",
}
PRESENTED = {"frozen", "exported", "accepted", "settled", "returned"}
_number = count(1)


class Life(RuleBasedStateMachine):
    """``state``: what the present debit must be; a debit presented again takes the place of the former."""

    houses: list[House]  # one; a House itself answers to any name

    def __init__(self) -> None:
        super().__init__()
        number = next(_number)
        customer = a_customer(self.houses[0].reseller, name=f"Client {number}", siren=None)
        a_signed_mandate(self.houses[0], customer)
        add_charge(
            customer,
            origin=f"life-{number}",
            label="Abonnement",
            quantity=1,
            unit_cents=1_000,
            includes_vat=True,
            method=Method.DIRECT_DEBIT,
        )
        bill_customers([customer], the_entity(), TODAY)
        self.invoice = db.session.scalars(db.select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
        db.session.commit()
        self.state, self.attempt = "announced", 1

    @property
    def debits(self) -> list[Collection]:
        query = db.select(Collection).where(Collection.source_uid.startswith(self.invoice.uid))
        return list(db.session.scalars(query.order_by(Collection.id)))

    @property
    def debit(self) -> Collection:
        return self.debits[-1]

    @rule(verb=st.sampled_from(["hold", "unhold", "postpone", "cancel"]))
    def people(self, verb: str) -> None:
        debit, given = self.debit, {"hold": ("litige",)}.get(verb, ())
        allowed = (self.state, verb) in BY_PEOPLE
        try:
            getattr(debit, verb)(*given, by=SYSTEM)
        except IllegalStep:
            assert not allowed
        except Refused:  # its mandate stands in the way
            assert debit.mandate.problem(debit.due_on)
        else:
            assert allowed
            self.state = BY_PEOPLE[self.state, verb]
        db.session.commit()

    @rule()
    def freeze(self) -> None:
        stopped = self.state != "announced" or self.debit.problem(TODAY)
        try:
            batches = freeze_batches(the_entity(), "CORE", TODAY.replace(year=2099), SYSTEM)
        except Refused:
            assert stopped
        else:
            assert not stopped
            assert [batch.count for batch in batches] == [1]
            self.state = "frozen"
        db.session.commit()

    @precondition(lambda self: self.state == "frozen")
    @rule()
    def write_the_file(self) -> None:
        batch, file = self.batch(), io.BytesIO()
        write_batch(batch, file)
        assert self.debit.end_to_end_id.encode() in file.getvalue()
        document = keep(
            file.getvalue(),
            owner=batch.organisation,
            subject=batch,
            kind="batch",
            filename="remise.xml",
            media_type="application/xml",
        )
        batch.finish(document)
        db.session.commit()
        self.state = "exported"

    @precondition(lambda self: self.state in PRESENTED)
    @rule()
    def call_the_batch_back(self) -> None:
        try:
            self.batch().cancel(by=SYSTEM)
        except PortalError:
            db.session.rollback()
            assert self.state not in {"frozen", "exported"}
        else:
            assert self.state in {"frozen", "exported"}
            self.state = "announced"
        db.session.commit()

    @precondition(lambda self: self.state in PRESENTED - {"frozen"})
    @rule(outcome=st.sampled_from(["accepted", "settled", "returned"]), reason=st.sampled_from(REASONS))
    def bank(self, outcome: str, reason: str) -> None:
        debit, before = self.debit, len(self.debits)
        row = Back(
            debit.end_to_end_id,
            debit.amount_cents,
            reason if outcome == "returned" else "",
            credited=outcome == "settled",
            booked_on=debit.due_on,
        )
        name = f"BANK-{next(_number)}"
        data = camt([row], message_id=name)
        if outcome == "accepted":
            data = pain002(self.batch().msg_id, status="ACCP")
            data = data.replace(b"<CreDtTm>", f"<!--{name}--><CreDtTm>".encode())
        with on_its_day(data):
            result = import_bank_file(the_entity(), data, "banque.xml", by=SYSTEM)
            react_now(result.file)
            db.session.commit()
        again = import_bank_file(the_entity(), data, "banque.xml", by=SYSTEM)
        assert again.duplicates == again.entries  # a second import of the same file
        self.state = BY_BANK.get((self.state, outcome), self.state)
        if len(self.debits) > before:
            assert outcome == "returned" and reason in {"AM04", "MS03"}
            assert debit.state == "returned"
            self.state, self.attempt = "announced", self.attempt + 1

    def batch(self) -> Batch:
        return db.session.get_one(Batch, self.debit.batch_id)

    @invariant()
    def it_is_where_it_must_be(self) -> None:
        debit = self.debit
        assert debit.state == self.state
        assert (debit.batch_id is not None) == (self.state in PRESENTED)
        assert (debit.returned_on is not None) == (self.state == "returned")
        assert self.state != "settled" or debit.settled_on is not None

    @invariant()
    def one_debt_is_asked_for_once_at_a_time(self) -> None:
        debits = self.debits
        assert len(debits) == self.attempt <= 3
        assert {former.state for former in debits[:-1]} <= {"returned"}
        assert len({debit.end_to_end_id for debit in debits}) == len(debits)
        assert {debit.amount_cents for debit in debits} == {self.invoice.gross_cents}

    @invariant()
    def the_invoice_is_paid_while_the_money_is_there(self) -> None:
        assert (self.invoice.state == "paid") == (self.state == "settled")

    def teardown(self) -> None:
        """What still waits would go into the batch of the next life."""
        if self.debit.can("cancel"):
            self.debit.cancel(by=SYSTEM)
        db.session.commit()


@pytest.mark.slow
def test_a_debit_lives_by_its_rules_whatever_happens(house: House) -> None:
    Life.houses = [house]
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
