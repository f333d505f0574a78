"""The rows of the measurement: the same number gives the same debit, for us and for the peer."""

from datetime import date, timedelta
from typing import Any

_NAMES = ("Boulangerie Dupont", "Crèmerie de l'Été SARL", "Garage Ångström", "Cabinet Martin et Associés")


def a_row(number: int) -> dict[str, Any]:
    return {
        "end_to_end_id": f"FA-2026-{number:06d}-{number * 7919 % 10**9:09d}",
        "cents": 100 + number * 37 % 99_999,
        "rum": f"NB-{2026 * 10**6 + number:012d}",
        "signed_on": date(2024, 12, 1) + timedelta(days=number % 700),
        "name": f"{_NAMES[number % 4]} {number}",
        "iban": _iban(number),
        "remittance": f"Facture FA-2026-{number:06d}",
    }


def _iban(number: int) -> str:
    account = f"3000600001{number:011d}89"
    check = 98 - int(account + "152700") % 97
    return f"FR{check:02d}{account}"
