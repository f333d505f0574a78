"""The figures that an invoice says of being paid late are those that its late fee is reckoned with."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from portal.billing.late import late_terms
from portal.billing.late_payment import EcbRate
from portal.billing.models import Charge, Invoice
from portal.blobs import content_of
from portal.customers.models import CustomerKind
from portal.db import db
from portal.terms.stack import Stack
from tests.builders import House, stored, work
from tests.contracts.builders import dobaas, natso, numspot
from tests.dunning.builders import noon, of_contract
from tests.dunning.test_fees import pay
from tests.subscriptions.test_orders import text_of as pdf_text

At = Callable[[datetime], None]
K = CustomerKind


def paper_of(invoice: Invoice) -> str:
    work()
    document = stored(invoice).document
    assert document is not None
    return " ".join(pdf_text(content_of(document)).split())


@pytest.mark.parametrize(
    ("make", "values", "rate", "said"),
    [
        (numspot, {}, "13,15 %", "taux de la BCE de 3,15 % au 1er semestre 2025, majoré de 10 points"),
        (dobaas, {}, "13,15 %", "C. com. L441-10, D441-5"),
        (numspot, {"kind": K.PUBLIC_BODY}, "11,15 %", "30 jours au plus (CCP R2192-10)"),
        (numspot, {"language": "en"}, "13.15 %", "ECB rate of 3.15 % in the first half of 2025, plus"),
    ],
)
def test_003_51_003_52_the_figures_on_the_paper_are_those_of_the_late_fee(
    house: House, browser: Callable[..., Any], at: At, make: Any, values: dict[str, Any], rate: str, said: str
) -> None:
    """Due on 15 June 2025 and paid on the 30th, inside the half-year whose rate the paper names."""
    invoice = of_contract(make, house, due_on=date(2025, 6, 15), **values)
    paper = paper_of(invoice).replace("\u202f", " ").replace("\xa0", " ")
    assert rate in paper and said in paper
    assert ("40,00 €" in paper) or ("€40.00" in paper)
    assert ("L441-10" in paper) is (values.get("kind") != K.PUBLIC_BODY)
    at(noon(date(2025, 6, 30)))
    pay(browser(house.finance), invoice, date(2025, 6, 30))
    found = re.search(r"([0-9]+)[,.]([0-9]{2}) %", rate)
    assert found is not None
    basis_points = int(found[1]) * 100 + int(found[2])
    query = db.select(Charge.unit_cents).where(Charge.origin.startswith("late-fee:")).order_by(Charge.id)
    interest = round(invoice.gross_cents * basis_points * 15 / 10_000 / 365)
    assert list(db.session.scalars(query)) == [interest, 4000]


@pytest.mark.parametrize("kind", [K.CONSUMER, K.NON_PROFESSIONAL])
def test_a_consumer_reads_nothing_of_the_kind(house: House, kind: K) -> None:
    paper = paper_of(of_contract(natso, house, due_on=date(2025, 6, 15), kind=kind, siren=None))
    assert "retard" not in paper and "BCE" not in paper and "escompte" not in paper


def test_a_half_year_without_a_rate_is_said_by_the_latest_that_has_one() -> None:
    rates = {"2025 S2": EcbRate("2025 S2", 215, "BCE", date(2025, 7, 1))}
    law = Stack("", "", ())
    terms = late_terms(law, "business", date(2026, 8, 31), rates)
    assert terms is not None and (terms.semester, terms.rate_basis_points) == ("2025 S2", 1215)
    assert late_terms(law, "business", date(2025, 5, 1), rates) is None, "none is known of that day"
    assert late_terms(law, "business", date(2025, 6, 30), rates) is not None, "late from 1 July on"
