"""What the pinned contract says of one handover: deadlines, fee, erasure, each with its clauses."""

from dataclasses import replace
from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _

from portal.reversibility import rules
from portal.subscriptions.models import Subscription
from portal.terms.facts import Fact, fact_from
from portal.terms.law import applied
from portal.terms.values import Value


def _day(value: date) -> str:
    return str(format_date(value, "d MMM y"))


def _number(value: Value | None) -> int:
    return int(value.value) if value else 0


def _delay(value: Value) -> str:
    if value.unit == "business_days":
        return str(_("%(n)d jours ouvrés", n=value.value))
    return str(_("%(n)d jours", n=value.value))


def request_window(subscription: Subscription) -> Fact | None:
    """Until when the data may be asked for; None while there is no end, or no window."""
    if subscription.ends_on is None:
        return None
    window = subscription.terms.on(subscription.ends_on).find("reversibility.window_days")
    if window is None:
        return None
    working = _(
        "Fin du contrat le %(end)s, plus %(delay)s.", end=_day(subscription.ends_on), delay=_delay(window)
    )
    return fact_from(rules.request_closes_on(subscription.ends_on, window.value), window, working=working)


def delivery(subscription: Subscription, requested_on: date) -> Fact | None:
    terms = subscription.terms.on(requested_on)
    source = terms.find("reversibility.delivery_business_days") or terms.find("reversibility.delivery_days")
    if source is None:
        return None
    due = rules.delivery_due_on(requested_on, **{_unit(source): source.value})
    working = _("Demande reçue le %(day)s, plus %(delay)s.", day=_day(requested_on), delay=_delay(source))
    return fact_from(due, source, working=working)


def _unit(source: Value) -> str:
    return "business_days" if source.unit == "business_days" else "days"


def validation(subscription: Subscription, delivered_on: date) -> Fact | None:
    """The day after which silence is an acceptance."""
    source = subscription.terms.on(delivered_on).find("reversibility.validation_business_days")
    if source is None:
        return None
    on = rules.silent_acceptance_on(delivered_on, source.value)
    working = _(
        "Copie remise le %(day)s, plus %(delay)s : le silence vaut acceptation.",
        day=_day(delivered_on),
        delay=_delay(source),
    )
    return fact_from(on, source, working=working)


def erasure(subscription: Subscription, validation_on: date | None, *, returned: bool = False) -> Fact | None:
    """The first day of an erasure that the customer does not ask for; None where nothing decides it.

    validation_on: when the copy is accepted, or will be by silence. returned: the customer has the data,
    and a contract may say that nothing is kept after that (004-32).
    """
    if subscription.ends_on is None:
        return None
    terms = subscription.terms.on(subscription.ends_on)
    at = terms.find("erasure.at")
    if returned and at is not None and at.value == "restitution" and validation_on is not None:
        return fact_from(validation_on, at, working=_("Rien n'est gardé une fois les données rendues."))
    sources = [terms.find("erasure.grace_days"), terms.find("erasure.business_days")]
    found = [source for source in sources if source]
    if not found:
        return None
    window = terms.find("reversibility.window_days")
    on = rules.contractual_erasure_on(
        subscription.ends_on, window_days=_number(window), **{_unit(source): source.value for source in found}
    )
    held = rules.held_until(on, validation_on)
    delays = " + ".join(_delay(source) for source in found)
    working = _("Fin du contrat le %(end)s, plus %(delay)s.", end=_day(subscription.ends_on), delay=delays)
    note = ""
    if held != on and validation_on is not None:
        note = _(
            "Retenu jusqu'à la remise et à la validation de la copie, le %(day)s.", day=_day(validation_on)
        )
    return fact_from(held, *found, *([window] if window else []), working=working, note=note)


def quoted(subscription: Subscription, on: date) -> Fact | None:
    """That the price of a recovery is the quote's; None where the contract gives a price, or none."""
    source = subscription.terms.on(on).find("reversibility.by_quote")
    return fact_from(None, source, label=_("Devis de récupération")) if source and source.value else None


def highest_quote(subscription: Subscription, on: date, reason: str, cost_cents: int) -> Fact | None:
    """The most that may be quoted, in cents, where the law has its say; None where it has none (L5)."""
    terms, kind = subscription.terms.on(on), subscription.customer.kind.value
    charge = applied(terms, "reversibility.charge", on=on, customer=kind, reason=reason)
    if charge.law is None or charge.value is None:
        return None
    most = 0 if charge.value == "none" else cost_cents
    return fact_from(most, label=_("Prix au plus"), law=charge.law)


def with_value(fact: Fact, value: object) -> Fact:
    return replace(fact, value=value)


def payment_first(subscription: Subscription, on: date) -> Fact | None:
    """Whether the data is handed over only once the fee is paid (A19)."""
    source = subscription.terms.on(on).find("reversibility.gate_on_payment")
    return fact_from(bool(source.value), source) if source else None
