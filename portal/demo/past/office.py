"""What the two people of finance do on their days: the run of the month, files, statements, late payers."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.backups.gaps import GapState, UsageGap
from portal.billing.models import BillingRun
from portal.billing.rates import enter_rate, missing_semester
from portal.billing.run import start_run
from portal.db import commits, db
from portal.demo.past.bank import Asked, Bank
from portal.demo.past.days import let_the_portal_work
from portal.dunning.acting import take_step
from portal.dunning.ladder import debts_of, keep_step, next_step
from portal.dunning.models import LateLetter, LatePayer, LetterState
from portal.resellers.models import LegalEntity
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, BatchState, Collection, freeze_batches
from portal.sepa.models.freezing import due_collections
from portal.sepa.returns.book import import_bank_file

CORE: Scheme = "CORE"
_AHEAD = timedelta(days=9)  # of the day of a debit, so long its file is made before
_FURTHER = timedelta(days=20)  # the last one, which waits today for its second person
_RATES = {1: 215, 2: 215}  # hundredths of a percent of the half-years that no file of the portal knows
# How a debit comes back, by (serial of the customer, months before today): days after it, and the reason.
Returns = dict[tuple[int, int], tuple[int, str]]


@dataclass(slots=True)
class Office:
    """Two people: the second one releases what the first one prepared. leaves_work_from: from then on they
    leave something for today."""

    entity: LegalEntity
    finance: User
    treasury: User
    bank: Bank
    returns: Returns
    serials: dict[int, int]  # of the cast, by the number of the customer
    today: date
    leaves_work_from: date
    batches: list[int] = field(default_factory=list)

    def bill(self, day: date) -> None:
        """The month that has begun, once; in the last days once more, for what was added since."""
        month = f"{day:%Y-%m}"
        query = select(func.count(BillingRun.id)).where(BillingRun.month == month)
        query = query.where(BillingRun.legal_entity_id == self.entity.id)
        known = int(db.session.scalar(query) or 0)
        if known and not (known == 1 and day >= self.leaves_work_from):
            return
        self._decide(day)
        start_run(self.entity, month, by=self.finance, certain_only=True)
        let_the_portal_work(duties=False)

    def _decide(self, day: date) -> None:
        """What the measures found beside the contracts, before the month is billed; the last ones wait."""
        if day >= self.leaves_work_from:
            return
        for gap in db.session.scalars(select(UsageGap).where(UsageGap.state == GapState.OPEN)):
            gap.dismiss("Vérifié avec le client : usage conforme à la commande.", by=self.finance)

    def know_the_rate(self) -> None:
        """The central bank's rate of a half-year, which the law's penalty is counted from."""
        semester = missing_semester()
        if semester is not None:
            half = int(semester[-1])
            enter_rate(semester, _RATES[half], "Bulletin de la démonstration", by=self.finance)

    def freeze(self, day: date) -> None:
        """A file of what is due within days. What is frozen last waits for the second person."""
        ahead = _AHEAD if day < self.leaves_work_from else _FURTHER
        last = db.session.scalars(due_collections(self.entity, CORE, day + ahead)).all()
        if not last or not any(row.problem(day) is None for row in last):
            return
        batches = freeze_batches(self.entity, CORE, max(row.due_on for row in last), self.finance)
        let_the_portal_work(duties=False)
        for batch in batches:
            if day < self.leaves_work_from:
                self._hand_in(batch, day)

    def _hand_in(self, batch: Batch, day: date) -> None:
        assert batch.state == BatchState.EXPORTED, batch.state
        batch.release(by=self.treasury)
        batch.leave()
        batch.send(on=day, by=self.finance)
        for row in db.session.scalars(select(Collection).where(Collection.batch_id == batch.id)):
            self.bank.take_debit(
                Asked(row.end_to_end_id, row.mandate.rum, row.amount_cents, row.due_on, self._comes_back(row))
            )

    def _comes_back(self, row: Collection) -> tuple[int, str] | None:
        """Once: the debit that is presented again stays."""
        serial = self.serials.get(row.mandate.customer_id, 0)
        ago = (self.today.year - row.due_on.year) * 12 + self.today.month - row.due_on.month
        return self.returns.pop((serial, ago), None)

    def read_statement(self, day: date) -> None:
        statement = self.bank.statement(day)
        if statement is not None:
            import_bank_file(self.entity, statement, f"releve-{day}.xml", by=self.finance)
            let_the_portal_work(duties=False)

    @commits
    def remind(self, day: date) -> None:
        """The step that is due for each late customer, and the letters that it makes."""
        if day >= self.leaves_work_from:
            return
        late = select(LatePayer).order_by(LatePayer.id)
        for customer in [row.customer for row in db.session.scalars(late)]:
            step = next_step(customer, debts_of(customer))
            if step is not None and step.is_due:
                take_step(customer, by=self.finance)
        for letter in db.session.scalars(select(LateLetter).where(LateLetter.state == LetterState.TO_POST)):
            letter.post(clock.today(), f"1A {letter.id:03d} 204 3346 2", by=self.finance)
            keep_step(letter.customer)
        db.session.commit()
