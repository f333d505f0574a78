"""A workbook of another system, as a reseller would fill in the template."""

import io
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from stdnum import luhn

from portal.licensing.codes import make_code
from portal.moving.sheets import BY_KEY, SHEETS

Rows = dict[str, list[dict[str, Any]]]


def a_siren(number: int) -> str:
    start = f"{80000000 + number}"
    return start + luhn.calc_check_digit(start)


def an_iban(number: int) -> str:
    """A French account whose keys are right."""
    bank, desk, account = "30006", "00001", f"{number:011d}"
    rib = 97 - (89 * int(bank) + 15 * int(desk) + 3 * int(account)) % 97
    bban = f"{bank}{desk}{account}{rib:02d}"
    return f"FR{98 - int(f'{bban}152700') % 97:02d}{bban}"


def rows_of(customers: int = 300, *, reseller: str = "Revendeur", product: str = "WS-M") -> Rows:
    """Each customer with accepted terms, a subscription, a key, a mandate and an open invoice."""
    rows: Rows = {sheet.key: [] for sheet in SHEETS}
    for n in range(1, customers + 1):
        own = {"reference": f"C-{n:05d}"}
        name = f"Client repris {n}"
        rows["customers"].append(
            own
            | {
                "reseller": reseller,
                "kind": "entreprise",
                "name": name,
                "siren": a_siren(n),
                "street": "3 rue du Four",
                "postcode": "75006",
                "town": "Paris",
                "country": "FR",
                "language": "fr",
                "health_data": "non",
                "billing-name": "Camille Martin",
                "billing-email": f"compta{n}@client.fr",
            }
        )
        rows["terms"].append(
            own | {"stack": "dropcloud", "signed_on": "12/03/2024", "signer": "Camille Martin"}
        )
        rows["subscriptions"].append(
            own
            | {
                "product": product,
                "quantity": 3,
                "started_on": "01/04/2024",
                "billed_before": "01/12/2026",
                "unit_cents": 1200,
                "method": "prélèvement",
            }
        )
        rows["keys"].append(
            own
            | {
                "code": make_code(3).text,
                "product": product,
                "seats": 3,
                "seats_used": 2,
                "valid_through": "30/11/2026",
            }
        )
        rows["mandates"].append(
            own
            | {
                "rum": f"ANCIEN-{n:06d}",
                "holder": name,
                "iban": an_iban(n),
                "scheme": "CORE",
                "signed_on": "12/03/2024",
                "presented_on": "05/11/2026",
            }
        )
        amounts = {"net": "100,00", "vat": "20,00", "gross": "120,00"}
        days = {"issued_on": "01/11/2026", "due_on": "30/11/2026"}
        rows["invoices"].append(own | {"number": f"2026-{n:05d}"} | days | amounts)
    return rows


def as_xlsx(rows: Mapping[str, list[dict[str, Any]]]) -> bytes:
    book = Workbook(write_only=True)
    for key, lines in rows.items():
        heads = BY_KEY[key].heads
        sheet = book.create_sheet(BY_KEY[key].title)
        sheet.append([head.title for head in heads])
        for line in lines:
            sheet.append([line.get(head.key) for head in heads])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def a_workbook(customers: int = 300, **values: Any) -> bytes:
    """The file itself."""
    return as_xlsx(rows_of(customers, **values))
