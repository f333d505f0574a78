"""The work of a month: customers with mandates are billed and debited, and some get their data back."""

import random
from datetime import timedelta

from sqlalchemy import func, select

from faults.place import Place
from portal import clock
from portal.access import Role
from portal.accounts.models import User, open_sign_in
from portal.billing.models import BillingRun, RunState, add_charge
from portal.billing.run import start_run
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity
from portal.reversibility.models import CaseState, Reason, ReversibilityCase
from portal.reversibility.opening import open_case
from portal.sepa.batches.large_freeze import ask_freeze
from portal.sepa.models import Collection
from tests import vaulting
from tests.builders import a_customer, a_house
from tests.sepa.signed import sign_now

CENTS, MEGABYTES = 1_000, 24


class Month:
    """What people do; ``begin`` before the faults, ``go_on`` between them, ``is_over`` behind them."""

    def __init__(self, place: Place, customers: int, exports: int, chance: random.Random) -> None:
        self.place, self.customers, self.exports, self.chance = place, customers, exports, chance
        self.runs = 0

    def begin(self) -> None:
        with self.place.looking():
            house = a_house()
            entity = db.session.scalars(select(LegalEntity)).one()
            for number in range(self.customers):
                customer = a_customer(house.reseller, name=f"Client {number}", siren=None, accepted="")
                sign_now(customer, entity)
            for number in range(self.exports):
                self._hand_back(house.reseller, number)
            _row, token = open_sign_in(house.finance, address="127.0.0.1", browser="faults")
            db.session.commit()
            self.place.look_at_pages(f"{self.place.app.config['SIGN_IN_COOKIE']}={token}")
        self.bill()

    def _hand_back(self, reseller: object, number: int) -> None:
        """A customer types the passphrase, and a worker exports the vault."""
        name = f"Coffre {number}"
        customer = a_customer(reseller, name=name, siren=None, accepted="dropcloud")  # type: ignore[arg-type]
        subscription = vaulting.a_subscription(customer, ends_on=clock.today())
        own = self.place.data / "vaults" / str(number)
        own.parent.mkdir(exist_ok=True)
        vaulting.make_large_repository(own, megabytes=MEGABYTES, chance=self.chance)
        vault = vaulting.a_vault(customer, own, subscription)
        case = open_case(
            subscription, vault, reason=Reason.COPY, received_on=clock.today(), cost_cents=0, by=SYSTEM
        )
        db.session.commit()
        path = vaulting.link_in(vaulting.last_mail(case.uid))
        db.session.rollback()
        assert vaulting.unlock(self.place.app.test_client(), path).status_code == 303

    def bill(self) -> None:
        """Something is owed by everybody, and the run of the month is asked for."""
        with self.place.looking():
            entity = db.session.scalars(select(LegalEntity)).one()
            self.runs += 1
            for customer in db.session.scalars(select(Customer).where(Customer.name.startswith("Client "))):
                add_charge(
                    customer,
                    origin=f"month:{self.runs}:{customer.id}",
                    label="Abonnement",
                    quantity=1,
                    unit_cents=CENTS,
                    includes_vat=False,
                    method=Method.DIRECT_DEBIT,
                )
            start_run(entity, f"{clock.today():%Y-%m}", by=SYSTEM)
            db.session.commit()

    def goes_to_its_end(self) -> bool:
        """Ask for what is still to ask for; is it over?"""
        self.go_on(last=True)
        return self.is_over()

    def go_on(self, *, last: bool = False) -> None:
        """When a run is done another one is asked for; when that was the last, its debits are frozen."""
        with self.place.looking():
            waits = db.session.scalars(select(BillingRun.id).where(BillingRun.state != RunState.DONE)).first()
            due = db.session.scalar(select(func.count(Collection.id)).where(Collection.batch_id.is_(None)))
            if waits is None and due and not self._freezing():
                entity = db.session.scalars(select(LegalEntity)).one()
                by = db.session.scalars(select(User).where(User.role == Role.FINANCE)).one()
                ask_freeze(entity, "CORE", clock.today() + timedelta(60), total=due, by=by)
                db.session.commit()
        if waits is None and not last:
            self.bill()

    def _freezing(self) -> bool:
        return (
            db.session.scalars(
                select(Task.id).where(Task.kind == "sepa.freeze", Task.state != TaskState.DONE)
            ).first()
            is not None
        )

    def is_over(self) -> bool:
        """No task is left, every run is done, every debit is in a file, every case handed over."""
        open_tasks = db.session.scalar(select(func.count(Task.id)).where(Task.state != TaskState.DONE))
        runs = db.session.scalars(select(BillingRun.state)).all()
        cases = db.session.scalars(select(ReversibilityCase.state)).all()
        loose = db.session.scalar(select(func.count(Collection.id)).where(Collection.batch_id.is_(None)))
        return (
            not open_tasks
            and not loose
            and all(state == RunState.DONE for state in runs)
            and all(state == CaseState.READY for state in cases)
        )
