"""One offer for each customer of a reseller in default, and what the customer wishes."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, Tenant, db, scope, within
from portal.errors import Refused
from portal.mail import queue_mail
from portal.resellers.reseller import Reseller, reseller_failed, reseller_resumed
from portal.stateful import Stateful, step
from portal.wording import N_


class OfferState(StrEnum):
    OPEN = "open"
    WISHED = "wished"  # waits for the operator
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"  # the reseller does its part again


class Wish(StrEnum):
    PROVIDER = "provider"
    RESELLER = "reseller"


O = OfferState  # noqa: E741


class StepInOffer(Tenant, Stateful, db.Model):
    """To a customer whose reseller failed: who shall serve it (offre de reprise)."""

    __tablename__ = "step_in_offer"
    steps = {
        "wish": step(O.OPEN, O.WISHED, to=O.WISHED),
        "settle": step(O.WISHED, to=O.SETTLED),
        "withdraw": step(O.OPEN, O.WISHED, to=O.WITHDRAWN),
    }

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    reseller_name: Mapped[str] = mapped_column(String(140))  # who failed, as its customer knew it
    state: Mapped[OfferState] = mapped_column(index=True)
    wished: Mapped[Wish | None]
    words: Mapped[str] = mapped_column(String(300), default="")  # which reseller, or what else is to be said
    outcome: Mapped[str] = mapped_column(String(300), default="")

    customer: Mapped[Customer] = relationship()

    def shown_state(self) -> str:
        return f"step_in_{self.state.value}"

    def wish(self, wished: Wish, words: str, *, by: Actor) -> None:
        """Another wish takes the place of the one before, until it is settled."""
        self._take("wish", by=by, wished=wished.value)
        self.wished, self.words = wished, words

    def settle(self, outcome: str, *, by: Actor) -> None:
        """What was agreed with the customer. Raises Refused without it."""
        if not outcome.strip():
            raise Refused(N_("Dites ce qui est convenu avec le client."), field="outcome")
        self._take("settle", by=by)
        self.outcome = outcome.strip()


@reseller_failed.connect
def offer_to_its_customers(reseller: Reseller, *, by: Actor) -> None:
    """A row and a mail for each customer below it, in the transaction that notes the default."""
    living = within(Customer, reseller.org_path), Customer.archived_at.is_(None)
    query = select(Customer).where(*living).order_by(Customer.id)
    for customer in db.session.scalars(query).all():
        offer = StepInOffer(
            organisation=customer.organisation,
            customer_id=customer.id,
            reseller_name=reseller.name,
            state=O.OPEN,
            words="",
            outcome="",
        )
        db.session.add(offer)
        db.session.flush()
        queue_mail(
            customer.contact(ContactRole.SIGNATORY),
            "step_in/mail_offer.txt",
            about=customer,
            owner=customer.organisation,
            language=customer.language,
            reseller=reseller.name,
            offer=offer,
        )


@reseller_resumed.connect
def withdraw_from_its_customers(reseller: Reseller, *, by: Actor) -> None:
    with scope(EVERYTHING):
        query = select(StepInOffer).where(within(StepInOffer, reseller.org_path))
        for offer in db.session.scalars(query.where(StepInOffer.state.in_([O.OPEN, O.WISHED]))).all():
            offer._take("withdraw", by=by)
