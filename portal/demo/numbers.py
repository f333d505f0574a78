"""Made-up numbers that pass every check: SIREN, SIRET, VAT and IBAN of nobody in particular."""

from stdnum import luhn
from stdnum.fr import siren as siren_number


def make_siren(serial: int) -> str:
    """Nine digits with a right key; the 99 at the front belongs to no register's usual range."""
    body = f"99{serial:06d}"
    return body + luhn.calc_check_digit(body)


def make_vat(siren: str) -> str:
    return f"FR{siren_number.to_tva(siren).replace(' ', '')[-11:]}"


def make_iban(serial: int) -> str:
    """A French IBAN with right RIB and check keys."""
    bank, branch, account = "30006", "00001", f"{serial:011d}"
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    bban = f"{bank}{branch}{account}{key:02d}"
    check = 98 - int(f"{bban}152700") % 97
    return f"FR{check:02d}{bban}"
