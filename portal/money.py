"""Amounts in integer cents of euro, and the only place where VAT is rounded.

A rate is given in basis points: 2000 is 20 %, 850 is 8.5 %. Rounding is half up, away from zero, so
a credit note is exactly the opposite of its invoice. VAT is rounded once per rate, on the sum of
the lines.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from portal.errors import Refused
from portal.wording import N_

_BASIS = 10_000  # basis points in one
_SPACES = re.compile("[\u00a0\u202f\u2009\u2007]")
_TYPED = re.compile(
    r"(?P<sign>[-\u2212]?) ?(?P<euros>[0-9]{1,12}|[0-9]{1,3}(?: [0-9]{3}){1,3})"
    r"(?:[,.](?P<cents>[0-9]*))?(?: ?(?:€|EUR))?",
    re.IGNORECASE,
)


def line_net_cents(quantity: int | Decimal, unit_cents: int) -> int:
    """Net amount of an invoice line, in cents, rounded half up per line.

    quantity: pieces, months or hours; may have decimals.
    unit_cents: net price of one, in cents.
    Raises TypeError for a float.
    """
    _require_exact(quantity, unit_cents)
    return _round(Decimal(quantity) * unit_cents)


def vat_of(net_cents: int, rate_bp: int) -> int:
    """VAT in cents on the sum of the net lines of one rate, rounded half up once.

    net_cents: net total of the rate, in cents; negative on a credit note.
    rate_bp: rate in basis points, 2000 for 20 %.
    """
    _require_rate(rate_bp)
    _require_exact(net_cents)
    return _round(Decimal(net_cents * rate_bp) / _BASIS)


def split_gross(gross_cents: int, rate_bp: int) -> tuple[int, int]:
    """Net and VAT, in cents, of a price announced with VAT: the VAT is the difference.

    rate_bp: rate in basis points, 2000 for 20 %.
    """
    _require_rate(rate_bp)
    _require_exact(gross_cents)
    net = _round(Decimal(gross_cents * _BASIS) / (_BASIS + rate_bp))
    return net, gross_cents - net


def parse_euros(typed: str, *, negative: bool = False) -> int:
    """Cents of an amount as a French person types it: « 1 234,50 », « 12.5 € ».

    negative: accept a leading minus sign.
    Raises Refused with a sentence for the person who typed it.
    """
    if not isinstance(typed, str):
        raise TypeError("an amount is parsed from text, never from a float")
    found = _TYPED.fullmatch(_SPACES.sub(" ", typed).strip())
    if found is None:
        raise Refused(N_("Montant illisible : écrivez par exemple « 1 234,50 »."))
    cents = found["cents"] or ""
    if len(cents) > 2:
        raise Refused(N_("Un montant a deux décimales au plus."))
    amount = int(found["euros"].replace(" ", "")) * 100 + int(cents.ljust(2, "0"))
    if found["sign"] and not negative:
        raise Refused(N_("Le montant ne peut pas être négatif."))
    return -amount if found["sign"] else amount


def euros(cents: int) -> Decimal:
    """Exact euros of an amount in cents, always with two decimals."""
    _require_exact(cents)
    return Decimal(cents).scaleb(-2)


def _round(cents: Decimal) -> int:
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _require_exact(*numbers: int | Decimal) -> None:
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            raise TypeError("amounts are integer cents and quantities exact decimals, never floats")


def _require_rate(rate_bp: int) -> None:
    if type(rate_bp) is not int or not 0 <= rate_bp < _BASIS:
        raise ValueError("a VAT rate is an integer of basis points, from 0 to 9999")
