"""What the SEPA rulebooks ask of one value, and the ISO schema does not check.

The functions answer a French sentence about what is wrong, or None when the value is right.
Source: EPC130-08 (direct debit implementation guidelines); ISO 13616 (IBAN); ISO 7064 (mod 97-10).
"""

import re

from stdnum.eu import at_02

from portal.sepa.formats.countries import SEPA_IBAN_LENGTHS
from portal.wording import N_

MAX_CENTS = 99_999_999_999  # 999 999 999.99 EUR
ID_LENGTH, NAME_LENGTH, REMITTANCE_LENGTH = 35, 70, 140

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}").fullmatch
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?").fullmatch
_ID = re.compile(r"[A-Za-z0-9\-?:().,'+]+(?:/[A-Za-z0-9\-?:().,'+]+)*").fullmatch
_RUM = re.compile(r"(?! )[A-Za-z0-9\-?:().,'+ ]+(?:/[A-Za-z0-9\-?:().,'+ ]+)*(?<! )").fullmatch
_COUNTRY = re.compile(r"[A-Z]{2}").fullmatch
_VALUES = str.maketrans({chr(65 + i): str(10 + i) for i in range(26)})


def remainder_97(iban: str) -> int:
    """Remainder of an IBAN written without spaces; 1 when the check digits are right."""
    account = iban[4:]
    if not account.isdecimal():
        account = account.translate(_VALUES)
    return int(f"{account}{ord(iban[0]) - 55}{ord(iban[1]) - 55}{iban[2:4]}") % 97


def iban_fault(iban: str) -> str | None:
    """Judge an IBAN without spaces: country of the schemes, length, check digits."""
    if not _IBAN(iban):
        return N_("l'IBAN est mal formé")
    length = SEPA_IBAN_LENGTHS.get(iban[:2])
    if length is None:
        return N_("l'IBAN vient d'un pays hors SEPA")
    if len(iban) != length:
        return N_("l'IBAN n'a pas la longueur de son pays")
    if remainder_97(iban) != 1 or iban[2:4] in ("00", "01", "99"):
        return N_("la clé de l'IBAN est fausse")
    return None


def ics_fault(ics: str) -> str | None:
    """Judge a creditor identifier (ICS); its business code takes no part in the check digits."""
    if len(ics) > ID_LENGTH or not ics.isascii() or not ics.isalnum() or ics != ics.upper():
        return N_("l'ICS est mal formé")
    return None if at_02.is_valid(ics) else N_("la clé de l'ICS est fausse")


def id_fault(value: str) -> str | None:
    """Judge an identifier of a message, a lot or a collection: 1 to 35 characters, no space."""
    if len(value) > ID_LENGTH:
        return N_("l'identifiant dépasse 35 caractères")
    return None if _ID(value) else N_("l'identifiant contient un caractère interdit")


def rum_fault(rum: str) -> str | None:
    """Judge a mandate reference (RUM): 1 to 35 characters, no « / » at an end, no « // »."""
    if len(rum) > ID_LENGTH:
        return N_("la RUM dépasse 35 caractères")
    return None if _RUM(rum) else N_("la RUM contient un caractère interdit")


def bic_fault(bic: str) -> str | None:
    """Judge the form of a BIC."""
    return None if _BIC(bic) else N_("le BIC est mal formé")


def country_fault(country: str) -> str | None:
    """Judge the form of a country code of two capital letters."""
    return None if _COUNTRY(country) else N_("le pays n'est pas un code de deux lettres")


def amount_fault(cents: int) -> str | None:
    """Judge an amount in cents: a whole number from 0.01 to 999 999 999.99 EUR."""
    if type(cents) is not int:
        return N_("le montant n'est pas un nombre entier de centimes")
    if 1 <= cents <= MAX_CENTS:
        return None
    return N_("le montant est hors des limites (0,01 à 999 999 999,99 €)")
