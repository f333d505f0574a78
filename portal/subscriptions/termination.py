"""The end of a subscription: what the pinned contract says of it, and the notice that gives it."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.billing.models import add_charge
from portal.billing.refunds import unused_refund_cents
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.mail import queue_mail
from portal.subscriptions.handover_fee import reversibility_fee
from portal.subscriptions.models import Subscription
from portal.subscriptions.reminders import missed_reminder
from portal.subscriptions.rules.fees import early_end_penalty_cents
from portal.subscriptions.rules.notices import (
    contract_end,
    early_end,
    effective_after_days,
    last_notice_day,
    switch_stages,
)
from portal.subscriptions.rules.periods import last_usable_day, period_at
from portal.terms.facts import Fact, fact_from
from portal.terms.law import applied
from portal.terms.statute import Statute
from portal.words.values import written


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
    refund_cents: int = 0
    law: Statute | None = None  # that gave the end, over the contract


def work_out(subscription: Subscription, sent_on: date, *, reason: str, early: bool) -> Termination:
    """End date, notice, penalty and fees of a notice, each with its clause.

    early: use the contract's early end, where it has one, instead of waiting for the échéance.
    Raises Refused for a notice before the start, in the future, or an early end that the contract lacks.

    Source: 000-13, 000-14, 000-55..57, 001-44, 001-47, 003-21, 004-37, 004-42; L2, L5.
    """
    if sent_on > clock.today():
        raise Refused(_("La date d'envoi est dans le futur."), field="sent_on")
    if sent_on < subscription.started_on:
        raise Refused(_("La résiliation ne peut pas précéder le début du contrat."), field="sent_on")
    notice = (
        _free_exit(subscription, sent_on)
        or (_early(subscription, sent_on, reason) if early else None)
        or _by_law(subscription, _at_term(subscription, sent_on), reason)
    )
    facts = [*notice.facts, *_money(subscription, notice, reason)]
    return replace(notice, facts=tuple(facts))


def _free_exit(subscription: Subscription, sent_on: date) -> Termination | None:
    """The end at once of a contract that was renewed without its reminder, with the unused part back.

    Source: L2 (C. conso L215-1), over 000-55, 000-57, 001-44, 001-47.
    """
    missed = missed_reminder(subscription, sent_on)
    if missed is None:
        return None
    working = _("La dernière reconduction n'a pas été annoncée dans les temps : la sortie est libre.")
    fact = fact_from(sent_on, law=missed.law, working=working, label=_("Fin du contrat"))
    return Termination(sent_on, sent_on, 0, (fact,), _unused_cents(subscription, sent_on), missed.law)


def _by_law(subscription: Subscription, notice: Termination, reason: str) -> Termination:
    """The earlier end that the law gives to a change of provider, where the contract has no early end.

    Source: L5 (regulation (EU) 2023/2854, art. 25), over 000-14, 001-44, 003-21.
    """
    law, ends_on = _switch_end(subscription, notice.sent_on, reason)
    early = subscription.terms.on(notice.sent_on).find("early_end.notice_months")
    if law is None or ends_on >= notice.ends_on or early is not None:
        return notice
    working = _(
        "Deux mois de préavis puis trente jours de transition au plus ; le contrat seul finirait le %(day)s.",
        day=plain_day(notice.ends_on),
    )
    end = fact_from(ends_on, law=law, working=working, label=_("Fin du contrat"))
    facts = [
        replace(fact, label=_("Fin selon le contrat seul")) if fact.value == notice.ends_on else fact
        for fact in notice.facts
    ]
    return Termination(notice.sent_on, ends_on, 0, (end, *facts), _unused_cents(subscription, ends_on), law)


def _switch_end(subscription: Subscription, sent_on: date, reason: str) -> tuple[Statute | None, date]:
    """The law on changes of provider and the end of its transition; None where it does not apply."""
    terms, kind = subscription.terms.on(sent_on), subscription.customer.kind.value
    keys = ("switch.notice_months", "switch.transition_days", "switch.retrieval_days")
    months, days, after = (applied(terms, key, on=sent_on, customer=kind, reason=reason) for key in keys)
    if months.law is None or days.law is None or after.law is None:
        return None, sent_on
    stages = switch_stages(sent_on, months.law.value, days.law.value, after.law.value)
    return months.law, stages.transition_ends_on


def _unused_cents(subscription: Subscription, ends_on: date) -> int:
    """What was billed for days after the end, of the period that contains it, as it was billed."""
    if subscription.billed_before <= ends_on:
        return 0
    period = period_at(subscription.started_on, subscription.billing_months, ends_on)
    total, used = (period.ends_on - period.starts_on).days, (ends_on - period.starts_on).days
    return unused_refund_cents(subscription.quantity * subscription.unit_cents, total, used)


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
        period=period.value,
        start=plain_day(subscription.started_on),
        notice=length,
        last=plain_day(last_day),
    )
    facts = (
        fact_from(length, source, label=_("Préavis")),
        fact_from(last_day, source, period, label=_("Dernier jour pour cette échéance")),
        fact_from(ends_on, period, source, working=working, label=_("Fin du contrat")),
    )
    return Termination(sent_on, ends_on, 0, facts)


def _early(subscription: Subscription, sent_on: date, reason: str) -> Termination:
    terms = subscription.terms.on(sent_on)
    months = terms.find("early_end.notice_months")
    rate = terms.find("early_end.flat_penalty_basis_points")
    if months is None or rate is None:
        raise Refused(_("Ce contrat ne prévoit pas de sortie anticipée."), field="early")
    ends_on, by_contract = early_end(sent_on, months.value), early_end(sent_on, months.value)
    law, sooner = _switch_end(subscription, sent_on, reason)
    if law is not None:
        ends_on = min(ends_on, sooner)
    law = law if ends_on < by_contract else None
    term_end = subscription.term_ends_on(sent_on)
    if ends_on >= term_end:
        raise Refused(_("L'échéance vient avant la fin du préavis : résiliez à l'échéance."), field="early")
    penalty = early_end_penalty_cents(subscription.monthly_cents, ends_on, term_end, rate.value)
    working = _(
        "%(rate)s %% des forfaits de %(monthly)s par mois qui restent du %(start)s au %(end)s.",
        rate=f"{rate.value / 100:g}",
        monthly=eur(subscription.monthly_cents),
        start=plain_day(ends_on),
        end=plain_day(term_end),
    )
    length = ngettext("%(num)d mois", "%(num)d mois", months.value)
    facts = (
        fact_from(length, months, label=_("Préavis")),
        fact_from(ends_on, months, label=_("Fin du contrat"), law=law),
        fact_from(eur(penalty), rate, working=working, label=_("Pénalité de sortie anticipée")),
    )
    return Termination(sent_on, ends_on, penalty, facts)


def _money(subscription: Subscription, notice: Termination, reason: str) -> list[Fact]:
    terms, ends_on, sent_on = subscription.terms.on(notice.sent_on), notice.ends_on, notice.sent_on
    facts = []
    stop = terms.find("service.stops")
    if stop:
        paid = ends_on if notice.law else max(subscription.billed_before, ends_on)
        facts.append(fact_from(last_usable_day(paid), stop, label=_("Dernier jour d'utilisation")))
    refund = terms.find("termination.customer_refund")
    if notice.law:
        facts.append(
            fact_from(
                eur(notice.refund_cents),
                *([refund] if refund else []),
                law=notice.law,
                working=_("La part payée d'avance et non utilisée est rendue."),
                label=_("Remboursement"),
            )
        )
    elif refund:
        words = {"none": _("aucun remboursement"), "prorata": _("au prorata")}
        facts.append(fact_from(words[refund.value], refund, label=_("Remboursement")))
    kind = subscription.customer.kind.value
    channel = applied(terms, "termination.channel", on=sent_on, customer=kind)
    if channel.contract is not None:
        law = channel.law if channel.by == "law" else None
        form = written("choice", channel.value)
        facts.append(fact_from(form, channel.contract, law=law, label=_("Forme de la résiliation")))
    fee = reversibility_fee(subscription, sent_on, reason)
    if fee:
        facts.append(_reversibility_words(fee))
    return facts


def _reversibility_words(fee: Fact) -> Fact:
    return replace(fee, value=eur(fee.value) if fee.value is not None else _("le coût seul, sur fiche"))


def terminate(subscription: Subscription, sent_on: date, *, reason: str, early: bool, by: Any) -> Termination:
    """Give notice: fix the end, owe the penalty once, confirm by mail."""
    result = work_out(subscription, sent_on, reason=reason, early=early)
    subscription.give_notice(sent_on=sent_on, ends_on=result.ends_on, reason=reason, by=by)
    subscription.refund_cents = result.refund_cents or None
    customer = subscription.customer
    if result.penalty_cents:
        rate = subscription.terms.on(sent_on).get("early_end.flat_penalty_basis_points")
        add_charge(
            customer,
            origin=f"early-end:{subscription.uid}",
            quantity=1,
            unit_cents=result.penalty_cents,
            label=_("Pénalité de sortie anticipée, %(product)s", product=subscription.product_name),
            clause=rate.clause,
            includes_vat=False,
            vat_basis_points=subscription.vat_basis_points,
            method=subscription.method,
        )
    queue_mail(
        customer.contact(ContactRole.SIGNATORY).email,
        "subscriptions/mail_notice.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        result=result,
    )
    return result
