"""What the assignment of a contract leads to: the page that shows it and the act that does it read this."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import clock
from portal.answers.rules.periods import period_at
from portal.billing.disputes import InvoiceDispute, open_disputes
from portal.billing.models import Invoice
from portal.billing.queries import unpaid_invoices
from portal.catalogue.models import Method
from portal.changes.rules import Piece, pieces
from portal.customers.models import Contact, Customer, CustomerKind
from portal.db import db
from portal.endings.models import open_ending
from portal.errors import Refused
from portal.i18n import plain_day
from portal.search.words import fold
from portal.sepa.models import find_usable_mandate
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.terms.values import Value


class Successor(NamedTuple):
    """Somebody whom a customer names; whether the house knows her is not the customer's to learn."""

    name: str
    uid: str = ""


class Named(NamedTuple):
    """Who is to take the contract over, as its customer names her. siren: nine digits."""

    name: str
    siren: str
    contact: str
    email: str


@dataclass(frozen=True)
class Plan:
    """What follows from an assignment on a day; computed, never stored. Cents as the contract's own price.

    pieces: the begun or billed periods that pass, by days: given back to one, owed by the other. clause: of
    the contract, where it names the provider's consent. needs_mandate: the debits stop unless the transferee
    has signed a mandate of her own by that day.
    """

    subscription: Subscription
    transferee: Customer | Successor
    effective_on: date
    pieces: Sequence[Piece]
    clause: Value | None
    unpaid: Sequence[Invoice]
    disputes: Sequence[InvoiceDispute]
    needs_mandate: bool

    @property
    def cents(self) -> int:
        return sum(piece.cents for piece in self.pieces)

    @property
    def seen(self) -> str:
        """What a person has read before she agrees: another day or amount asks her again."""
        return f"{self.transferee.uid}:{self.effective_on}:{self.cents}"


def family_of(subscription: Subscription) -> list[Subscription]:
    """The contract, and the services that follow its period, which pass with it (004-04)."""
    query = select(Subscription).where(Subscription.follows_id == subscription.id)
    return [subscription, *db.session.scalars(query.order_by(Subscription.id))]


def transferee_named(subscription: Subscription, typed: str) -> Customer:
    """The customer of the same reseller with this SIREN, name or e-mail address.

    Raises Refused for none, and for several.
    """
    said = typed.strip()
    digits = "".join(said.split())
    own = [
        Customer.name_folded == fold(said)[:200],
        Customer.siren == digits,
        Customer.uid == said,
        Customer.contacts.any(Contact.email == said.lower()),
    ]
    query = select(Customer).where(
        Customer.reseller_id == subscription.customer.reseller_id,
        Customer.archived_at.is_(None),
        Customer.id != subscription.customer_id,
        or_(*own),
    )
    found = db.session.scalars(query.order_by(Customer.id)).all()
    if not found:
        raise Refused(
            _("Aucun autre client de ce revendeur n'a ce nom, ce SIREN ou cette adresse."), field="to"
        )
    if len(found) > 1:
        raise Refused(_("Plusieurs clients portent ce nom ou cette adresse : donnez le SIREN."), field="to")
    return found[0]


def plan_assignment(subscription: Subscription, transferee: Customer, effective_on: date) -> Plan:
    """What an assignment leads to, if it is agreed today. effective_on: first day of the transferee (Paris).

    Raises Refused, beside ``to`` or ``effective_on``, for a contract that cannot pass, or not to her.

    Source: 004-44; C. civ. 1216.
    """
    check_day(effective_on)
    check_contract(subscription, effective_on)
    check_transferee(subscription, transferee)
    entity = subscription.legal_entity
    has_mandate = find_usable_mandate(transferee, entity, clock.today()) is not None
    return _plan(subscription, transferee, effective_on, has_mandate)


def conditions_of(subscription: Subscription, successor: Successor, effective_on: date) -> Plan:
    """The same as far as it depends on the contract alone: what its customer reads before she asks.

    Raises Refused beside ``effective_on`` like :func:`plan_assignment`.

    Source: 004-44; C. civ. 1216.
    """
    check_day(effective_on)
    check_contract(subscription, effective_on)
    return _plan(subscription, successor, effective_on, has_mandate=False)


def _plan(
    subscription: Subscription, transferee: Customer | Successor, effective_on: date, has_mandate: bool
) -> Plan:
    family = family_of(subscription)
    debited = any(each.method == Method.DIRECT_DEBIT for each in family)
    return Plan(
        subscription,
        transferee,
        effective_on,
        [piece for each in family for piece in passing(each, effective_on)],
        subscription.present_terms.find("transfer.needs_consent"),
        unpaid_invoices(subscription.customer),
        open_disputes(subscription.customer),
        debited and not has_mandate,
    )


def check_day(effective_on: date) -> None:
    """Raises Refused for a day that has come."""
    if effective_on <= clock.today():
        raise Refused(_("Choisissez un jour à venir : les accords se donnent avant."), field="effective_on")


def passing(subscription: Subscription, day: date) -> Sequence[Piece]:
    """The parts of billed periods that lie on a day or later, as the contract's price stands.

    Source: 004-35, 001-17.
    """
    return pieces(
        subscription.started_on,
        subscription.billing_months,
        effective_on=day,
        billed_before=max(subscription.billed_before, day),
        difference_cents=subscription.quantity * subscription.unit_cents,
    )


def check_contract(subscription: Subscription, day: date) -> None:
    """Raises Refused with what keeps this contract from passing to anybody on a day."""
    if subscription.is_over or subscription.state == SubscriptionState.WITHDRAWN:
        raise Refused(_("Cet abonnement est terminé."))
    if subscription.ends_on is not None and day >= subscription.ends_on:
        sentence = _("Une résiliation est en cours : ce contrat finit le %(day)s, et ne se cède qu'avant.")
        raise Refused(sentence % {"day": plain_day(subscription.ends_on)}, field="effective_on")
    if day <= subscription.started_on:
        raise Refused(_("Ce contrat n'a pas commencé ce jour-là."), field="effective_on")
    if subscription.suspended_on is not None:
        raise Refused(_("Cet abonnement est suspendu : réglez d'abord ce qui l'a suspendu."))
    if subscription.follows is not None:
        raise Refused(_("Ce service suit un contrat principal : cédez celui-là, il passera avec lui."))
    if open_ending(subscription) is not None:
        raise Refused(_("Une procédure du prestataire est ouverte sur ce contrat : il ne se cède pas."))
    for each in family_of(subscription):
        _check_day(each, day)


def _check_day(subscription: Subscription, day: date) -> None:
    """What is billed by use is measured and billed by whole months and periods: it passes between two."""
    if subscription.gb_month_cents is not None and day.day != 1:
        raise Refused(
            _("Ce contrat est facturé à l'usage, par mois : il passe le premier jour d'un mois."),
            field="effective_on",
        )
    if subscription.is_billed_in_arrears and subscription.unit_cents:
        period = period_at(subscription.started_on, subscription.billing_months, day)
        if period.starts_on != day:
            sentence = _("Ce contrat est facturé à terme échu : il passe entre deux périodes, le %(day)s.")
            raise Refused(sentence % {"day": plain_day(period.ends_on)}, field="effective_on")


def check_transferee(subscription: Subscription, transferee: Customer) -> None:
    """Raises Refused for somebody who may not have this contract: it was made for another kind of customer.

    Source: 003-02, 004-44; C. conso (a business contract knows no withdrawal, and other ways out).
    """
    customer = subscription.customer
    if transferee.id == customer.id or transferee.reseller_id != customer.reseller_id:
        raise Refused(_("Le contrat passe à un autre client du même revendeur."), field="to")
    if transferee.archived_at is not None:
        raise Refused(_("Ce client est archivé : sortez-le d'abord des archives."), field="to")
    if transferee.kind == CustomerKind.CONSUMER != customer.kind:
        raise Refused(
            _(
                "Ce contrat a été conclu avec un professionnel, sans les droits d'un consommateur : un "
                "particulier ne le reprend pas, il en passe un à son nom."
            ),
            field="to",
        )
    for each in family_of(subscription):
        try:
            replace(bare_case(each), customer=transferee.kind.value)
        except Refused as refusal:
            raise Refused(refusal.template, field="to", **refusal.values) from refusal
