"""Numbers with a right check digit that are nobody's."""

from schwifty import IBAN
from stdnum import luhn


def make_siren(serial: int) -> str:
    plain = f"{80_000_000 + serial}"
    return plain + luhn.calc_check_digit(plain)


def make_vat(siren: str) -> str:
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def make_iban(serial: int) -> str:
    return str(IBAN.generate("FR", bank_code="30006", branch_code="00001", account_code=f"{serial:011d}"))
