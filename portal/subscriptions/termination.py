"""The end of a subscription: the engine's answer to a notice, and the notice that gives it."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.answers.case import Event, ask_for_data
from portal.answers.outcome import Outcome
from portal.customers.models import ContactRole
from portal.errors import Refused
from portal.mail import queue_mail
from portal.subscriptions.case import contract_of, if_left, notice_events
from portal.subscriptions.giving_back import credit_ended
from portal.subscriptions.models import Subscription
from portal.subscriptions.unbegun import credit_unbegun
from portal.terms.answered import Answered, answered
from portal.terms.statute import SWITCHING
from portal.wording import N_, Sentence, Word


class Reason(StrEnum):
    NONE = "none"
    SWITCH = "switch"  # another provider
    IN_HOUSE = "in_house"
    BREACH = "breach"  # by the provider, after a formal notice
    RECEIVERSHIP = "receivership"
    END_OF_BUSINESS = "end_of_business"
    COMPETITOR = "competitor_control"


@dataclass(frozen=True)
class Notice:
    """A notice as it is typed. ``more`` has the end of a longer transition and who wants it."""

    sent_on: date
    reason: str = "none"
    at_term: bool = True  # waits for the échéance, where the contract can be left sooner
    noticed_on: date | None = None  # the formal notice that a breach needs was received that day
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def events(self) -> list[Event]:
        return notice_events(
            self.sent_on, self.reason, at_term=self.at_term, noticed_on=self.noticed_on, **self.more
        )

    @property
    def typed(self) -> dict[str, str]:
        """The notice as a form sends it."""
        said = {"sent_on": self.sent_on, "reason": self.reason, "noticed_on": self.noticed_on, **self.more}
        early = {} if self.at_term else {"early": "y"}
        return {name: str(value) for name, value in said.items() if value is not None} | early

    @property
    def fields(self) -> dict[str, Any]:
        """How it was given, beside its day and reason, in JSON's own types."""
        kept = {"at_term": self.at_term, "noticed_on": self.noticed_on, **self.more}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in kept.items()
            if value is not None
        }


_ASKED = {
    "registered_letter": Word(N_("une lettre recommandée")),
    "letter": Word(N_("une lettre")),
    "email": Word(N_("un e-mail")),
}
_BY_LAW = N_(
    "Confirmer ici suffit : le contrat demande %(asked)s, mais la loi (%(law)s) permet aux particuliers et "
    "aux associations de résilier en ligne."
)
_BY_CONTRACT = N_(
    "Le contrat demande %(asked)s, à envoyer le jour indiqué. Confirmer ici enregistre la résiliation et "
    "fixe sa fin, mais n'envoie rien à votre place : les deux sont nécessaires."
)

_STILL = N_("Votre contrat demande aussi %(asked)s, à envoyer le %(day)s ; gardez la preuve de l'envoi.")


@dataclass(frozen=True)
class Termination:
    """Everything that follows from a notice; computed, never stored."""

    notice: Notice
    outcome: Outcome
    form: Answered | None

    @property
    def ends_on(self) -> date:
        """First day without service."""
        ends = self.outcome.find("contract_ends")
        assert ends is not None
        return ends.on

    @property
    def remarks(self) -> list[Sentence]:
        """What the rules add in words, each once."""
        return list({str(remark): remark for remark in self.outcome.remarks}.values())

    @property
    def how(self) -> Sentence:
        """Which form counts, and what confirming it in the portal does beside that.

        Source: 000-55, 001-15, 004-37; L2 (C. conso L215-1-1).
        """
        if self.form is None:
            return Sentence(N_("Le contrat ne fixe pas de forme : confirmer ici suffit."), {})
        asked = _ASKED.get(str(self.form.values[0].value))
        if asked is None:
            return Sentence(N_("Le contrat se résilie en ligne : confirmer ici suffit."), {})
        if self.form.by_law and self.form.law is not None:
            return Sentence(_BY_LAW, {"law": Word(self.form.law.article), "asked": asked})
        return Sentence(_BY_CONTRACT, {"asked": asked})

    @property
    def still_asked(self) -> Sentence | None:
        """What the contract asks for beside a notice that was confirmed in the portal."""
        if self.form is None or self.form.by_law:
            return None
        asked = _ASKED.get(str(self.form.values[0].value))
        return Sentence(_STILL, {"asked": asked, "day": self.notice.sent_on}) if asked else None

    @property
    def refund_cents(self) -> int:
        refund = self.outcome.amount("refund")
        return refund.cents if refund is not None else 0

    @property
    def answers(self) -> list[Answered]:
        """Dates in their order, amounts, then the form that the notice must have."""
        dates = sorted(self.outcome.calendar, key=lambda each: each.on)
        shown = [each for each in dates if each.what not in _NOT_OF_THE_NOTICE]
        return [*shown, *self.outcome.amounts, *([self.form] if self.form else [])]


_NOT_OF_THE_NOTICE = {
    "last_paid_day",
    "price_kept_through",
    "withdrawal_closes_by_contract",
    "withdrawal_closes",
}
_CHARGED = ("early_end_penalty", "metered_end_penalty")


def work_out(subscription: Subscription, notice: Notice, *, looking_ahead: bool = False) -> Termination:
    """End, notice, money and the time that the data stays, each with its clause: the page and the act read
    it here.

    looking_ahead: may the notice be one of a day to come?
    Raises Refused for a notice before the start, in the future, or that the contract does not allow.
    """
    if notice.sent_on > clock.today() and not looking_ahead:
        raise Refused(_("La date d'envoi est dans le futur."), field="sent_on")
    if notice.sent_on < subscription.started_on:
        raise Refused(_("La résiliation ne peut pas précéder le début du contrat."), field="sent_on")
    cure = subscription.terms.on(notice.sent_on).find("breach.cure_days")
    if notice.reason == Reason.BREACH and cure is not None and notice.noticed_on is None:
        raise Refused(_("Indiquez quand la mise en demeure a été reçue."), field="noticed_on")
    wanted = ask_for_data(notice.sent_on, notice.reason if notice.reason in SWITCHING else "copy")
    return Termination(
        notice, if_left(subscription, notice.events, wanted), form_of(subscription, notice.sent_on)
    )


def counts_for_nothing(subscription: Subscription, result: Termination) -> bool:
    """Does the contract end as it would without the reason that was given?"""
    if result.notice.reason == Reason.NONE:
        return False
    bare = work_out(subscription, replace(result.notice, reason="none"), looking_ahead=True)
    said = [(each.what, each.value) for each in result.answers]
    return said == [(each.what, each.value) for each in bare.answers]


def is_event(subscription: Subscription, reason: str) -> bool:
    """Does this contract end by nature with such an event, whoever says so?

    Source: 004-39.
    """
    known = subscription.present_terms.find("termination.free_causes")
    return known is not None and reason in known.value


def check_no_event(subscription: Subscription, reason: str) -> None:
    """Raises Refused for an event that ends the contract by nature: it wants its document and its letter.

    Source: 004-39.
    """
    if is_event(subscription, reason):
        sentence = _(
            "Cet événement se note avec sa pièce et son recommandé : son destinataire le fait depuis la page "
            "de l'abonnement."
        )
        raise Refused(sentence, field="reason")


def form_of(subscription: Subscription, on: date) -> Answered | None:
    """How the notice must be given, where the contract says so.

    Source: 000-55, 001-15, 004-37; L2.
    """
    channel = contract_of(subscription, on).law("termination.channel", on, "none")
    if channel.contract is None:
        return None
    law = channel.law if channel.by == "law" else None
    return answered("notice_form", channel.value, law, channel.contract)


def terminate(subscription: Subscription, notice: Notice, *, by: Actor) -> Termination:
    """Give notice: fix the end, owe the penalties once, confirm by mail."""
    result = _take_effect(subscription, notice, by=by)
    customer = subscription.customer
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        "subscriptions/mail_notice.txt",
        about=subscription,
        owner=customer.organisation,
        language=customer.language,
        subscription=subscription,
        result=result,
    )
    return result


def end_by_provider(subscription: Subscription, notice: Notice, *, by: Actor) -> Termination:
    """The provider's own notice, with the same effects; who calls it tells the customer.

    notice: with ``by`` "provider" in its ``more``. Raises Refused like :func:`work_out`.

    Source: 000-46, 000-54, 001-31, 001-45, 002-17, 003-06, 003-17, 003-19, 004-23, 004-24, 004-40, 004-41.
    """
    return _take_effect(subscription, notice, by=by)


def _take_effect(subscription: Subscription, notice: Notice, *, by: Actor) -> Termination:
    result = work_out(subscription, notice)
    subscription.give_notice(
        sent_on=notice.sent_on, ends_on=result.ends_on, reason=notice.reason, fields=notice.fields, by=by
    )
    refund = result.outcome.amount("refund")
    subscription.refund_cents = result.refund_cents or None
    subscription.refund_clause = refund.clause if refund and result.refund_cents else None
    for what in _CHARGED:
        owed = result.outcome.amount(what)
        if owed is not None and owed.cents:
            _owe(subscription, owed)
    _owe_what_was_begun(subscription, result.outcome.amount("period_due"))
    if result.refund_cents:
        credit_unbegun(subscription, by=by)
    if result.refund_cents and result.ends_on <= clock.today():
        credit_ended(subscription, by=by)
    return result


PENALTIES = (*_CHARGED, "period_due")  # what a notice may owe: the beginnings of its charges' origins

_LABELS = {
    "early_end_penalty": lambda: _("Pénalité de sortie anticipée, %(product)s"),
    "metered_end_penalty": lambda: _("Pénalité sur la consommation, %(product)s"),
    "period_due": lambda: _("Période commencée, due, %(product)s"),
}


def _owe(subscription: Subscription, owed: Answered, cents: int | None = None) -> None:
    subscription.owe(
        origin=f"{owed.what.replace('_', '-')}:{subscription.uid}",
        unit_cents=owed.cents if cents is None else cents,
        label=_LABELS[owed.what]() % {"product": subscription.product_name},
        clause=owed.clause,
        includes_vat=bool(owed.includes_vat),
    )


def _owe_what_was_begun(subscription: Subscription, due: Answered | None) -> None:
    """Fees of the period begun that no invoice carries yet; the begun month itself is billed like every
    other.
    """
    if due is not None and due.cents > subscription.monthly_cents:
        _owe(subscription, due, due.cents - subscription.monthly_cents)
