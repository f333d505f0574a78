"""What a person says of a transfer: on what it is booked, or why it is not ours."""

from collections.abc import Sequence

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import Length

from portal.billing.carried import BalanceKind, CarriedBalance
from portal.billing.models import Invoice, Proforma
from portal.customers.queries import search
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.money import parse_euros
from portal.paging import first_of
from portal.resellers.issuing import run_by
from portal.subscriptions.models import Order
from portal.wires.booking import Pick
from portal.wires.matching import Target, numbered, of_balance, of_invoice, of_order, of_renewal, open_of
from portal.wires.models import IncomingTransfer
from portal.wires.rules import numbers_in

_FOUND = 5  # customers of one search
_MOST = 50  # invoices of one transfer


class BookingForm(FlaskForm):
    """Targets and amounts come in pairs; an empty amount leaves its target out."""

    amount = HiddenField()

    def typed(self) -> dict[str, str]:
        """Amounts as they were typed, by target."""
        pairs = zip(request.form.getlist("target"), request.form.getlist("cents"), strict=False)
        return dict(list(pairs)[:_MOST])

    def picks(self, transfer: IncomingTransfer) -> list[Pick]:
        """Raises Refused for an amount that is none, and where no target is chosen."""
        if whole := request.form.get("whole", ""):
            return [Pick(target_of(whole), transfer.free_cents)]
        picks = []
        for target_id, typed in self.typed().items():
            if typed.strip():
                try:
                    picks.append(Pick(target_of(target_id), parse_euros(typed)))
                except Refused as refusal:
                    raise Refused(said(refusal), field="amount") from None
        if not picks:
            raise Refused(_("Indiquez un montant devant ce que le virement paie."), field="amount")
        return picks


class DismissalForm(FlaskForm):
    note = StringField(_l("Pourquoi il n'est pas pour nous"), [Length(max=300)])


def target_of(target_id: str) -> Target:
    """What a form names, of an issuer that the acting person runs. Raises Refused for what does not exist."""
    kind, _colon, uid = target_id.partition(":")
    if kind == Invoice.__tablename__:
        invoice = db.session.scalars(run_by(Invoice, g.actor).where(Invoice.uid == uid)).one_or_none()
        if invoice is not None:
            return of_invoice(invoice)
    if kind == Order.__tablename__:
        order = db.session.scalars(run_by(Order, g.actor).where(Order.uid == uid)).one_or_none()
        if order is not None and order.proforma is not None:
            return of_order(order)
    if kind == Proforma.__tablename__:
        papers = run_by(Proforma, g.actor).where(Proforma.uid == uid)
        paper = db.session.scalars(papers.where(Proforma.subscription_uid.is_not(None))).one_or_none()
        if paper is not None:
            return of_renewal(paper)
    if kind == CarriedBalance.__tablename__:
        balances = CarriedBalance.visible_to(g.actor).where(CarriedBalance.kind == BalanceKind.INVOICE)
        balance = db.session.scalars(balances.where(CarriedBalance.uid == uid)).one_or_none()
        if balance is not None:
            return of_balance(balance)
    raise Refused(_("Cette facture ou cette commande n'existe pas."), field="amount")


def sought(transfer: IncomingTransfer, text: str) -> Sequence[Target]:
    """What a person looks for: a number, or all that the customers of that name may pay."""
    text = text[:100]
    found = [
        target
        for readings in numbers_in(text)
        for number in readings
        for target in numbered(transfer, number)
    ]
    if found or not text.strip():
        return found
    query, keys = search(g.actor, text)
    customers = first_of(query.order_by(*keys), _FOUND)
    return [target for customer in customers for target in open_of(transfer, customer)][:_MOST]
