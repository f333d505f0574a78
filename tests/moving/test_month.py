"""The parallel month: what the portal would bill beside what the former system billed; nothing leaves."""

import io
from typing import Any

from sqlalchemy import func, select

from portal.billing.models import Charge, Invoice
from portal.billing.run import start_run
from portal.db import db
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.moving.comparing import MonthLine, compare
from portal.moving.month_models import ParallelLine
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription
from tests.builders import House, an_outsider, work
from tests.moving.test_moving import count, taken
from tests.subscriptions.builders import a_monthly_product
from tests.subscriptions.test_order_form import text_of
from tests.test_csv_file import table
from tests.workbooks import a_workbook

HEAD = "Référence;Libellé;HT;TVA;TTC\n"
THEIRS = (
    HEAD
    + "C-00001;WeSend décembre;30,00;6,00;36,00\n"
    + "C-00002;WeSend décembre;30,00;3,00;33,00\nC-9;Autre;1,00;;1,20\n"
)


def test_a_month_is_compared_line_by_line_and_nothing_is_issued(house: House, browser) -> None:
    a_monthly_product(house)
    client = browser(house.owner)
    moving = taken(client, a_workbook(3))
    page = f"/moving/{moving.uid}/month"
    before = db.session.scalars(select(Subscription.billed_before)).all()
    answer = client.post(
        page, data={"month": "2026-12", "file": (io.BytesIO(THEIRS.encode("cp1252")), "x.csv")}
    )
    assert answer.status_code == 303
    work()
    query = select(ParallelLine).order_by(ParallelLine.reference)
    found: list[tuple[Any, ...]] = [
        (row.reference, row.verdict, row.difference("gross")) for row in db.session.scalars(query)
    ]
    assert found == [
        ("C-00001", "month_equal", 0),
        ("C-00002", "month_different", 300),
        ("C-00003", "month_only_here", 3600),
        ("c-9", "month_only_there", -120),
    ]
    assert db.session.scalars(select(Subscription.billed_before)).all() == before
    assert {model: count(model) for model in (Charge, Invoice, Mail)} == {Charge: 0, Invoice: 0, Mail: 0}
    shown = client.get(page).text
    assert "manque ici" in shown and "36,00" in shown and "70,20" in shown
    second = text_of(shown.split("C-00002")[1].split("</tr>")[0])
    assert second.endswith("30,00 € 6,00 € ancien 3,00 € 36,00 € ancien 33,00 € 3,00 €"), second
    head, *lines = table(client.get(f"{page}/file.csv").text)
    assert head[-3:] == ["Écart HT", "Écart TVA", "Écart TTC"] and len(lines) == 4
    told = {line[1]: line[3:] for line in lines}
    assert told["C-00002"] == ["30,00", "6,00", "36,00", "30,00", "3,00", "33,00", "0,00", "3,00", "3,00"]
    assert told["c-9"] == ["", "", "", "1,00", "", "1,20", "-1,00", "", "-1,20"]  # its VAT is not told
    refused = client.post(page, data={"month": "2026-12"})
    assert refused.status_code == 422
    assert browser(house.sales).get(page).status_code == 403
    assert browser(an_outsider(house)).get(page).status_code == 404
    start_run(db.session.scalars(select(LegalEntity)).one(), "2026-11", by=SYSTEM)
    work()
    assert db.session.scalar(select(func.count(Invoice.id))) == 0  # billed before December by the former one


def test_lines_are_paired_by_amount_then_by_the_nearest_total() -> None:
    here = [MonthLine("a", 100, 20, 120), MonthLine("b", 200, 40, 240)]
    there = [MonthLine("x", 210, 42, 252), MonthLine("y", 100, None, 120), MonthLine("z", 1, 0, 1)]
    assert [(pair.verdict.value, pair.difference_cents) for pair in compare(here, there)] == [
        ("month_equal", 0),
        ("month_different", -12),
        ("month_only_there", -1),
    ]
