"""What of a bank's word is done by itself, and what somebody has to look at first."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from portal.i18n import eur, plain_day
from portal.sepa.formats.bank_values import BankEntry

EARLY_DAYS = 2  # calendar days before its due day from which a credit is not believed
FUTURE_DAYS = 1  # a statement may carry the next morning's day, not more
OLDEST_DAYS = 430  # thirteen months, after which no debit comes back, and a month


@dataclass(frozen=True, slots=True)
class Doubt:
    """why: what somebody has to look at, empty when nothing. moves: is the debit moved all the same?"""

    why: str = ""
    moves: bool = True


SURE = Doubt()


def doubt_of(entry: BankEntry, amount_cents: int, due_on: date, today: date) -> Doubt:
    """May what the bank says of a debit be done by itself?

    amount_cents, due_on: the debit's. today: the Paris day of the import.

    Source: EPC016-06 (a debit is credited on its due day, comes back within thirteen months at most).
    """
    if entry.outcome == "duplicate":
        return Doubt(refused_twice(entry.reason), moves=False)
    if entry.foreign:
        return Doubt(in_foreign_money(entry.foreign), moves=False)
    if not entry.is_sure:
        return Doubt(
            _("La banque cite ce prélèvement sans dire s'il est crédité ou s'il revient."), moves=False
        )
    if sentence := absurd_day(entry, due_on, today):
        return Doubt(sentence, moves=False)
    return _of_amount(entry, amount_cents)


def absurd_day(entry: BankEntry, due_on: date, today: date) -> str:
    """Why a booking day cannot be believed; empty when it can.

    Source: EPC016-06 (a debit is credited on its due day, comes back within thirteen months at most).
    """
    day = entry.booked_on
    if day is None:
        return ""
    if day > today + timedelta(days=FUTURE_DAYS):
        return _("La banque comptabilise à une date future : %(day)s.", day=plain_day(day))
    if day < today - timedelta(days=OLDEST_DAYS):
        return _("La banque comptabilise à une date trop ancienne : %(day)s.", day=plain_day(day))
    if entry.outcome == "settled" and day < due_on - timedelta(days=EARLY_DAYS):
        return _(
            "Crédité le %(day)s, avant l'échéance du %(due)s.", day=plain_day(day), due=plain_day(due_on)
        )
    return ""


def _of_amount(entry: BankEntry, amount_cents: int) -> Doubt:
    if entry.amount_cents is None or explains(entry, amount_cents):
        return SURE
    said = {"bank": eur(entry.amount_cents), "debit": eur(amount_cents)}
    if entry.outcome == "settled":
        return Doubt(_("Crédité de %(bank)s pour un prélèvement de %(debit)s.", **said), moves=False)
    # More was taken than the debit: the rest is a fee or an interest. Less is no return of this debit.
    moves = entry.amount_cents > amount_cents or entry.outcome == "accepted"
    why = _("Le montant de la banque (%(bank)s) n'est pas celui du prélèvement (%(debit)s).", **said)
    return Doubt(why, moves)


def refused_twice(reason: str) -> str:
    return _("Refusé comme double (%(r)s) : ce que la banque avait déjà suit son cours.", r=reason)


def in_foreign_money(amount: str) -> str:
    return _("La banque écrit un montant en devise : %(amount)s.", amount=amount)


def explains(entry: BankEntry, amount_cents: int) -> bool:
    """Is the amount that moved that of the debit, or that and the bank's fee?

    amount_cents: the debit's.

    Source: EPC016-06 (a refund may carry a compensation); ISO 20022 Charges.
    """
    if entry.amount_cents == amount_cents:
        return True
    fee = entry.fee_cents if entry.outcome == "returned" else -entry.fee_cents
    if entry.amount_cents is None or not fee or entry.instructed_cents not in (None, amount_cents):
        return False
    return entry.amount_cents == amount_cents + fee
