"""The activation key that a person types: ``2X61P-SW7GE-TKN3E-2TGSC``.

Twenty symbols of Crockford's base 32 (no I, L, O, U): 18 hold 6 bits of product and edition, then
84 random bits; 2 hold the remainder of that number modulo 1021. As 1021 is a prime above 32, every
single wrong symbol and every swap of neighbours is noticed, and a random text passes once in 1 021.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from portal.errors import Refused
from portal.wording import N_

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BYTES = 11  # 84 of their 88 bits are used

# Also said by static/key.js, before anything is sent.
WRONG_LENGTH = N_("Une clé compte 20 caractères : il y en a %(found)d ici.")
WRONG_SYMBOL = N_("Le caractère n° %(at)d n'existe pas dans une clé.")
WRONG_COPY = N_("Cette clé est mal recopiée : vérifiez chaque caractère.")

_MODULUS = 1021
_RANDOM_BITS = 84
_DATA, _CHECK, _GROUP = 18, 2, 5
_READ = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_IGNORED = str.maketrans("", "", "-–— \t\r\n\u00a0\u202f")


@dataclass(frozen=True, slots=True)
class ActivationCode:
    """A key whose check symbols are right; that it was ever sold is another question."""

    product: int  # 0 to 63, product and edition
    text: str  # canonical, with dashes


def make_code(product: int, draw: Callable[[int], bytes] = secrets.token_bytes) -> ActivationCode:
    """A new key.

    product: product and edition, 0 to 63.
    draw: gives that many random bytes; the system's generator unless a test says otherwise.
    Raises ValueError if ``product`` does not fit.

    Source: 000-10.
    """
    if not 0 <= product < 64:
        raise ValueError("product and edition hold in 6 bits")
    drawn = draw(RANDOM_BYTES)
    if len(drawn) != RANDOM_BYTES:
        raise ValueError(f"{RANDOM_BYTES} random bytes are needed")
    random = int.from_bytes(drawn) >> (8 * RANDOM_BYTES - _RANDOM_BITS)
    number = product << _RANDOM_BITS | random
    symbols = _write(number, _DATA) + _write(number % _MODULUS, _CHECK)
    return ActivationCode(product, _grouped(symbols))


def parse(typed: str) -> ActivationCode:
    """Read a key as typed: any case, dashes optional, O for 0, I or L for 1.

    Raises Refused with a sentence that says what is wrong and never repeats the key.
    """
    symbols = typed.translate(_IGNORED).upper()
    if len(symbols) != _DATA + _CHECK:
        raise Refused(WRONG_LENGTH, found=len(symbols))
    values = [_READ.get(symbol) for symbol in symbols]
    if None in values:
        at = values.index(None) + 1
        raise Refused(WRONG_SYMBOL, at=at)
    canonical = "".join(ALPHABET[value] for value in values if value is not None)
    number = _read(canonical[:_DATA])
    if number % _MODULUS != _read(canonical[_DATA:]):
        raise Refused(WRONG_COPY)
    return ActivationCode(number >> _RANDOM_BITS, _grouped(canonical))


def mask(code: ActivationCode) -> str:
    """The last group only, to tell one key from another on a screen."""
    return f"•••••-•••••-•••••-{code.text[-_GROUP:]}"


def mask_foreign(code: str) -> str:
    """Of another vendor's key, whose shape is not ours: its last four signs, never more than half of it."""
    shown = min(4, len(code) // 2)
    return f"••••{code[len(code) - shown :]}"


def lookup_digest(code: ActivationCode, pepper: bytes) -> str:
    """What is stored to find a key again without storing it: HMAC-SHA-256 in hexadecimal.

    pepper: secret of the installation, at least 16 bytes.
    """
    if len(pepper) < 16:
        raise ValueError("the pepper is too short")
    return hmac.new(pepper, code.text.encode(), sha256).hexdigest()


def _grouped(symbols: str) -> str:
    return "-".join(symbols[at : at + _GROUP] for at in range(0, len(symbols), _GROUP))


def _write(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * at & 31] for at in reversed(range(length)))


def _read(symbols: str) -> int:
    number = 0
    for symbol in symbols:
        number = number << 5 | _READ[symbol]
    return number
