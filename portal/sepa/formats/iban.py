"""An IBAN as a person types it: read, judged in a French sentence, shown masked. Never logged."""

import re
import warnings

from portal.errors import Refused
from portal.sepa.formats import epc
from portal.sepa.formats.countries import SEPA_IBAN_LENGTHS
from portal.wording import N_

_NOISE = re.compile(r"[\s\u00a0\u202f\u200b.\-]+")
_CHARACTERS = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+").fullmatch


def parse_iban(typed: str) -> str:
    """The IBAN in capitals and without spaces.

    typed: any case and spacing; a leading « IBAN » is dropped.
    Raises Refused with a sentence that says what is wrong and never repeats the number.
    """
    iban = _NOISE.sub("", typed).upper().removeprefix("IBAN").lstrip(":")
    if not iban:
        raise Refused(N_("L'IBAN est vide."))
    if not _CHARACTERS(iban):
        raise Refused(N_("Un IBAN commence par deux lettres et deux chiffres, puis lettres et chiffres."))
    length = SEPA_IBAN_LENGTHS.get(iban[:2])
    if length is None:
        raise Refused(N_("Ce pays (%(c)s) n'est pas dans l'espace SEPA."), c=iban[:2])
    if len(iban) != length:
        sentence = N_("Un IBAN %(c)s compte %(n)d caractères : il y en a %(found)d ici.")
        raise Refused(sentence, c=iban[:2], n=length, found=len(iban))
    if epc.iban_fault(iban):
        raise Refused(N_("La clé de l'IBAN est fausse : un caractère est sans doute mal recopié."))
    _check_national(iban)
    return iban


def bank_name(iban: str) -> str | None:
    """Name of the bank, as a hint only: the register is incomplete and an unknown bank is fine."""
    from schwifty import IBAN  # noqa: PLC0415 - loads the banks of every country

    name: str | None = IBAN(iban, allow_invalid=True).bank_name
    return name or None


def mask(iban: str) -> str:
    """Enough to recognise an account and too little to use it: « FR76 •••• •••• 0189 »."""
    return f"{iban[:4]} •••• •••• {iban[-4:]}"


def in_fours(iban: str) -> str:
    """The IBAN in groups of four characters, as it is printed."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _check_national(iban: str) -> None:
    from schwifty import IBAN  # noqa: PLC0415 - loads the banks of every country
    from schwifty.exceptions import InvalidBBANChecksum, SchwiftyException  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a country whose national key has no known method
            IBAN(iban, validate_bban=True)
    except InvalidBBANChecksum:
        # The exception quotes the number: it must not travel along.
        key = N_("La clé RIB est fausse : le numéro de compte est sans doute mal recopié.")
        raise Refused(key) from None
    except SchwiftyException:
        raise Refused(N_("Cet IBAN n'a pas la forme des comptes de son pays.")) from None
