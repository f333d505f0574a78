"""When a debit may be announced, presented, refunded, and when a mandate ends."""

import re
from datetime import date, datetime, timedelta

from portal.deadlines import PARIS, add_months, minus_target_days, next_target_day
from portal.errors import Refused
from portal.wording import N_

_CODE = re.compile(r"[A-Z0-9]{1,20}").fullmatch


def last_prenotification_day(debit_on: date, notice_days: int) -> date:
    """Last day on which the debtor may be told of a coming debit (préavis de prélèvement).

    debit_on: the day the account is debited, Paris date.
    notice_days: calendar days promised by the customer's terms; at least 1.
    Returns a calendar day; sending on a Sunday is allowed, it is an e-mail.
    Raises Refused if ``notice_days`` is below 1.

    Source: 003-50 (14 calendar days before the debit).
    """
    _require(notice_days >= 1, N_("Le préavis de prélèvement compte au moins un jour."))
    return debit_on - timedelta(days=notice_days)


def first_debit_day(announced_on: date, notice_days: int, lead_days: int) -> date:
    """Earliest day that may be requested for a debit announced on ``announced_on``.

    announced_on: Paris day on which the debtor is told.
    notice_days: calendar days promised by the customer's terms; at least 1.
    lead_days: TARGET days that the bank needs between the file and the debit; at least 1.
    Returns a TARGET day.
    Raises Refused if a number is below 1.

    Source: 003-50; EPC016-06 (the file reaches the bank at least one TARGET day before).
    """
    _require(notice_days >= 1, N_("Le préavis de prélèvement compte au moins un jour."))
    _require(lead_days >= 1, N_("Le délai de remise à la banque compte au moins un jour."))
    day = next_target_day(announced_on + timedelta(days=notice_days))
    while minus_target_days(day, lead_days) < announced_on:
        day = next_target_day(day + timedelta(days=1))
    return day


def bank_day(at: datetime, cutoff_hour: int) -> date:
    """The day that the creditor's bank counts for a file handed in at an instant.

    at: aware. cutoff_hour: Paris hour from which the next calendar day counts; 24 for never.
    Raises Refused if the hour is not between 1 and 24.

    Source: EPC016-06 (each bank sets its cut-off time).
    """
    _require(1 <= cutoff_hour <= 24, N_("L'heure limite se situe entre 1 et 24."))
    local = at.astimezone(PARIS)
    return local.date() + timedelta(days=1 if local.hour >= cutoff_hour else 0)


def mandate_lapses_on(last_presented_on: date | None, signed_on: date, months: int) -> date:
    """First day on which a mandate that was left unused may no longer be presented (caducité).

    last_presented_on: due date of the last debit presented, even if it was then rejected or
    refunded; None if there never was one, and the signature counts instead.
    signed_on: day of signature.
    months: life without a debit, at least 1.
    Raises Refused if ``months`` is below 1.

    Source: 003-80; EPC016-06 (36 months), Banque de France.
    """
    _require(months >= 1, N_("La durée de vie d'un mandat compte au moins un mois."))
    return add_months(max(last_presented_on or signed_on, signed_on), months)


def revocation_effective_on(received_on: date, notice_months: int) -> date:
    """First day on which a mandate revoked with the creditor may no longer be used.

    received_on: Paris day on which the creditor got the revocation.
    notice_months: calendar months of notice of the customer's terms; 0 for at once.
    Raises Refused if ``notice_months`` is negative.

    Source: 003-80 (one month). The law is stronger: the debtor may withdraw consent at the bank
    until the end of the business day before the debit (code monétaire et financier, L133-8).
    """
    _require(notice_months >= 0, N_("Le préavis de révocation ne peut pas être négatif."))
    return add_months(received_on, notice_months)


def refund_window_ends_on(debited_on: date, weeks: int) -> date:
    """Last day on which the debtor may ask its bank for a refund without giving a reason.

    debited_on: day on which the account was debited.
    weeks: length of the right; 0 for the scheme between businesses, which has none.
    Raises Refused if ``weeks`` is negative.

    Source: 003-79 (8 weeks; 13 months if the debit was not authorised).
    """
    _require(weeks >= 0, N_("La durée de remboursement ne peut pas être négative."))
    return debited_on + timedelta(weeks=weeks)


def unauthorised_window_ends_on(debited_on: date, months: int) -> date:
    """Last day on which the debtor may contest a debit that no mandate allowed.

    debited_on: day on which the account was debited.
    months: length of the right, at least 1.
    Raises Refused if ``months`` is below 1.

    Source: 003-79 (13 months).
    """
    _require(months >= 1, N_("La durée de contestation compte au moins un mois."))
    return add_months(debited_on, months)


def build_rum(creditor_code: str, serial: int) -> str:
    """Unique mandate reference (RUM), set by the creditor only and never used again.

    creditor_code: 1 to 20 capital letters and digits, one per legal entity.
    serial: number of the mandate for that entity, at least 1.
    Returns capital letters, digits and one dash, at most 33 characters.
    Raises Refused if an argument does not fit.

    Source: 003-78 (at most 35 characters).
    """
    _require(_CODE(creditor_code) is not None, N_("Le code du créancier est mal formé."))
    _require(1 <= serial < 10**12, N_("Le numéro de mandat est hors des limites."))
    return f"{creditor_code}-{serial:08d}"


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise Refused(sentence)
