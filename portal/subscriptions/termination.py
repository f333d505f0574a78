"""The end of a subscription: what the pinned contract says of it, and the notice that gives it."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.billing.models import add_charge
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.mail import queue_mail
from portal.subscriptions.models import Subscription
from portal.subscriptions.rules.fees import (
    contract_reversibility_fee_cents,
    early_end_penalty_cents,
    reversibility_fee_cents,
)
from portal.subscriptions.rules.notices import contract_end, early_end, effective_after_days, last_notice_day
from portal.subscriptions.rules.periods import last_usable_day
from portal.terms.facts import Fact, fact_from
from portal.terms.statute import applied


class Reason(StrEnum):
    NONE = "none"
    SWITCH = "switch"  # another provider
    IN_HOUSE = "in_house"
    END_OF_BUSINESS = "end_of_business"


@dataclass(frozen=True)
class Termination:
    """Everything that follows from a notice sent on a day; computed, never stored."""

    sent_on: date
    ends_on: date
    penalty_cents: int
    facts: tuple[Fact, ...]


def work_out(subscription: Subscription, sent_on: date, *, reason: str, early: bool) -> Termination:
    """End date, notice, penalty and fees of a notice, each with its clause.

    early: use the contract's early end, where it has one, instead of waiting for the échéance.
    Raises Refused for a notice before the start, in the future, or an early end that the contract lacks.

    Source: 000-13, 000-14, 000-55..57, 001-44, 001-47, 003-21, 004-37, 004-42.
    """
    if sent_on > clock.today():
        raise Refused(_("La date d'envoi est dans le futur."), field="sent_on")
    if sent_on < subscription.started_on:
        raise Refused(_("La résiliation ne peut pas précéder le début du contrat."), field="sent_on")
    notice = _early(subscription, sent_on) if early else _at_term(subscription, sent_on)
    facts = [*notice.facts, *_money(subscription, notice.ends_on, sent_on, reason)]
    return Termination(sent_on, notice.ends_on, notice.penalty_cents, tuple(facts))


def _at_term(subscription: Subscription, sent_on: date) -> Termination:
    terms, plan = subscription.terms.on(sent_on), subscription.plan.value
    days = terms.find("termination.effective_days")
    if days is not None:
        ends_on = effective_after_days(sent_on, days.value)
        working = ngettext("%(num)d jour après l'envoi", "%(num)d jours après l'envoi", days.value)
        return Termination(
            sent_on, ends_on, 0, (fact_from(ends_on, days, working=working, label=_("Fin du contrat")),)
        )
    months = terms.find(f"plan.{plan}.notice_months")
    day_notice = terms.find(f"plan.{plan}.notice_days")
    source = months or day_notice
    period = terms.get(f"plan.{plan}.period_months")
    if source is None:
        raise Refused(_("Le contrat ne fixe pas de préavis pour cette formule."))
    amounts = {"months": months.value if months else 0, "days": day_notice.value if day_notice else 0}
    ends_on = contract_end(subscription.started_on, period.value, sent_on, **amounts)
    last_day = last_notice_day(ends_on, **amounts)
    length = (
        ngettext("%(num)d mois", "%(num)d mois", amounts["months"])
        if months
        else ngettext("%(num)d jour", "%(num)d jours", amounts["days"])
    )
    working = _(
        "Périodes de %(period)d mois comptées depuis le %(start)s ; préavis de %(notice)s avant l'échéance : "
        "dernier jour utile le %(last)s.",
        period=period.value, start=plain_day(subscription.started_on), notice=length,
        last=plain_day(last_day),
    )  # fmt: skip
    facts = (
        fact_from(length, source, label=_("Préavis")),
        fact_from(last_day, source, period, label=_("Dernier jour pour cette échéance")),
        fact_from(ends_on, period, source, working=working, label=_("Fin du contrat")),
    )
    return Termination(sent_on, ends_on, 0, facts)


def _early(subscription: Subscription, sent_on: date) -> Termination:
    terms = subscription.terms.on(sent_on)
    months = terms.find("early_end.notice_months")
    rate = terms.find("early_end.flat_penalty_basis_points")
    if months is None or rate is None:
        raise Refused(_("Ce contrat ne prévoit pas de sortie anticipée."), field="early")
    ends_on = early_end(sent_on, months.value)
    term_end = subscription.term_ends_on(sent_on)
    if ends_on >= term_end:
        raise Refused(_("L'échéance vient avant la fin du préavis : résiliez à l'échéance."), field="early")
    penalty = early_end_penalty_cents(subscription.monthly_cents, ends_on, term_end, rate.value)
    working = _(
        "%(rate)s %% des forfaits de %(monthly)s par mois qui restent du %(start)s au %(end)s.",
        rate=f"{rate.value / 100:g}", monthly=eur(subscription.monthly_cents), start=plain_day(ends_on),
        end=plain_day(term_end),
    )  # fmt: skip
    length = ngettext("%(num)d mois", "%(num)d mois", months.value)
    facts = (
        fact_from(length, months, label=_("Préavis")),
        fact_from(ends_on, months, label=_("Fin du contrat")),
        fact_from(eur(penalty), rate, working=working, label=_("Pénalité de sortie anticipée")),
    )
    return Termination(sent_on, ends_on, penalty, facts)


def _money(subscription: Subscription, ends_on: date, sent_on: date, reason: str) -> list[Fact]:
    terms = subscription.terms.on(sent_on)
    facts = []
    stop = terms.find("service.stops")
    if stop:
        paid = max(subscription.billed_before, ends_on)
        facts.append(fact_from(last_usable_day(paid), stop, label=_("Dernier jour d'utilisation")))
    refund = terms.find("termination.customer_refund")
    if refund:
        words = {"none": _("aucun remboursement"), "prorata": _("au prorata")}
        facts.append(fact_from(words[refund.value], refund, label=_("Remboursement")))
    channel = terms.find("termination.channel")
    if channel:
        facts.append(fact_from(_("lettre recommandée"), channel, label=_("Forme de la résiliation")))
    fee = reversibility_fee(subscription, sent_on, reason)
    if fee:
        facts.append(_reversibility_words(fee))
    return facts


def reversibility_fee(
    subscription: Subscription, on: date, reason: str, cost_cents: int | None = None
) -> Fact | None:
    """Fee for handing the data back, in cents, as contract and law put it; None where there is no price.

    cost_cents: total of the cost sheet of a switch. The fact's value is None while the law allows the cost
    only and no sheet shows it.

    Source: 002-20, 004-33; L5.
    """
    terms = subscription.terms.on(on)
    months, minimum = terms.find("reversibility.fee_months"), terms.find("reversibility.fee_minimum_cents")
    if months is None or minimum is None:
        return None
    kind = subscription.customer.kind.value
    charge = applied(terms, "reversibility.charge", on=on, customer=kind, reason=reason)
    contract = contract_reversibility_fee_cents(subscription.monthly_cents, months.value, minimum.value)
    cents = reversibility_fee_cents(contract, charge.value, cost_cents)
    working = _(
        "%(months)d mois × %(monthly)s = %(total)s, au moins %(minimum)s : %(contract)s HT au contrat.",
        months=months.value, monthly=eur(subscription.monthly_cents), minimum=eur(minimum.value),
        total=eur(months.value * subscription.monthly_cents), contract=eur(contract),
    )  # fmt: skip
    if charge.law and charge.value == "cost":
        sheet = eur(cost_cents) if cost_cents is not None else _("aucune fiche de coût")
        working += " " + _("Coût établi : %(sheet)s.", sheet=sheet)
    return fact_from(
        cents, months, minimum, working=working, label=_("Frais de réversibilité"), law=charge.law
    )


def _reversibility_words(fee: Fact) -> Fact:
    return replace(fee, value=eur(fee.value) if fee.value is not None else _("le coût seul, sur fiche"))


def terminate(subscription: Subscription, sent_on: date, *, reason: str, early: bool, by: Any) -> Termination:
    """Give notice: fix the end, owe the penalty once, confirm by mail."""
    result = work_out(subscription, sent_on, reason=reason, early=early)
    subscription.give_notice(sent_on=sent_on, ends_on=result.ends_on, reason=reason, by=by)
    customer = subscription.customer
    if result.penalty_cents:
        rate = subscription.terms.on(sent_on).get("early_end.flat_penalty_basis_points")
        add_charge(
            customer, origin=f"early-end:{subscription.uid}", quantity=1, unit_cents=result.penalty_cents,
            label=_("Pénalité de sortie anticipée, %(product)s", product=subscription.product_name),
            clause=rate.clause, includes_vat=False, vat_basis_points=subscription.vat_basis_points,
            method=subscription.method,
        )  # fmt: skip
    queue_mail(
        customer.contact(ContactRole.SIGNATORY).email, "subscriptions/mail_notice.txt",
        about=subscription, owner=customer.organisation, language=customer.language,
        subscription=subscription, result=result,
    )  # fmt: skip
    return result
