"""Ends and suspensions for cause: breach, non-payment, inactivity, refused terms."""

from collections.abc import Collection
from datetime import date, timedelta

from portal.deadlines import add_months
from portal.errors import Refused
from portal.wording import N_


def cure_ends_on(noticed_on: date, days: int) -> date:
    """Last day on which a breach may still be mended after a formal notice.

    noticed_on: the day the notice was e-mailed, or the letter received, whichever the contract counts from.
    days: calendar days.

    Source: 003-15, 003-17, 004-40.
    """
    return noticed_on + timedelta(days=days)


def may_act_from(noticed_on: date, days: int) -> date:
    """First day, from its first hour in Paris, on which the unmended breach lets the other party act.

    Source: 003-15, 003-17, 004-40.
    """
    return cure_ends_on(noticed_on, days) + timedelta(days=1)


def breach_effective_on(ended_on: date, days: int) -> date:
    """The day on which an end for breach takes effect after its e-mail.

    Source: 003-17.
    """
    return ended_on + timedelta(days=days)


def closes_on(warned_on: date, days: int, severity: str) -> date:
    """The day on which a service is closed for breach.

    days: calendar days that a warning leaves. severity: "warning" or "immediate".
    Raises Refused for another severity.

    Source: 000-46, 001-31, 002-17, 003-11, 004-24.
    """
    if severity not in {"warning", "immediate"}:
        raise Refused(N_("Gravité inconnue : « %(severity)s »."), severity=severity)
    return warned_on if severity == "immediate" else warned_on + timedelta(days=days)


def may_suspend_at_once(cause: str, causes: Collection[str]) -> bool:
    """May the service be suspended as soon as the customer was told, by any means?

    causes: what the contract lists, for example a judge's request or a security risk.

    Source: 003-14.
    """
    return cause in causes


def provider_ends_on(told_on: date, notice_days: int, cause: str, causes: Collection[str]) -> date:
    """The day on which the provider's own termination takes effect.

    notice_days: 0 where the contract asks for none. causes: the only ones that it allows.
    Raises Refused for another cause.

    Source: 000-54, 001-45, 004-41.
    """
    if cause not in causes:
        raise Refused(
            N_("Le contrat ne permet au prestataire de mettre fin que pour : %(causes)s."),
            causes=", ".join(sorted(causes)),
        )
    return told_on + timedelta(days=notice_days)


def ends_without_indemnity(reason: str, causes: Collection[str]) -> bool:
    """Does this reason end the contract early without any indemnity, by registered letter?

    Source: 004-39.
    """
    return reason in causes


def administrator_silent_from(asked_on: date, months: int) -> date:
    """First day on which the silence of a receiver's administrator ends the contract.

    asked_on: Paris day on which the formal notice reached him. months: calendar months that he has, from the
    contract's setting; the judge may shorten them, or add two.

    Source: 004-39; C. com. L622-13 III 1° (more than a month without an answer).
    """
    return add_months(asked_on, months) + timedelta(days=1)


def inactive_from(last_use_on: date, months: int) -> date:
    """First day on which an account counts as unused: more than so many months without use.

    Source: 003-19.
    """
    return add_months(last_use_on, months) + timedelta(days=1)


def inactivity_ends_on(told_on: date, last_use_on: date, months: int, notice_months: int) -> date:
    """The day on which an unused account may be deleted, months to the day after the e-mail.

    Raises Refused when the account has not been unused for long enough on the day of the e-mail.

    Source: 003-19.
    """
    since = inactive_from(last_use_on, months)
    if told_on < since:
        raise Refused(
            N_("Le compte n'est pas inactif avant le %(day)s (%(months)d mois sans usage)."),
            day=since.strftime("%d/%m/%Y"),
            months=months,
        )
    return add_months(told_on, notice_months)
