"""A report as it leaves: one JSON, the same for a platform and for a person who tells it by hand."""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.ereporting.making import sums_of
from portal.ereporting.models import EReport, EReportLine
from portal.ereporting.rules import ReportKind

INITIAL, RECTIFYING = "IN", "RE"


def body_of_report(report: EReport, identifier: str) -> bytes:
    """What was sold to consumers by day, abroad invoice by invoice; or what came in, in the same order.

    A rectifying report has what its period lacked: its sums are added to those that were told.

    Source: CGI art. 290, 290 A; AFNOR XP Z12-012 (flux 10).
    """
    told: dict[str, Any] = {
        "id": identifier,
        "number": report.number,
        "kind": "payments" if report.kind == ReportKind.PAYMENTS else "transactions",
        "type": RECTIFYING if report.rectifies else INITIAL,
        "rectifies": report.rectifies.number if report.rectifies else None,
        "period": {"from": report.first_on.isoformat(), "through": report.last_on.isoformat()},
        "regime": report.regime,
        "declarant": {"siren": report.legal_entity.siren, "name": report.legal_entity.name},
        "days": [_day(report, row) for row in sums_of(report) if not row[1]],
        "invoices": [_invoice(report, line) for line in _abroad(report)],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _cents(report: EReport, net: int, vat: int, gross: int) -> dict[str, int]:
    if report.kind == ReportKind.PAYMENTS:
        return {"gross_cents": gross}
    return {"net_cents": net, "vat_cents": vat}


def _day(report: EReport, row: tuple[Any, ...]) -> dict[str, Any]:
    on, _business, operation, category, points, count, *cents = row
    rate = {"operation": operation, "vat_category": category, "basis_points": points, "count": count}
    return {"on": on.isoformat(), **rate, **_cents(report, *cents)}


def _abroad(report: EReport) -> list[EReportLine]:
    query = select(EReportLine).where(EReportLine.report_id == report.id, EReportLine.is_business)
    return list(db.session.scalars(query.options(joinedload(EReportLine.invoice)).order_by(EReportLine.id)))


def _invoice(report: EReport, line: EReportLine) -> dict[str, Any]:
    buyer = line.invoice.parties["buyer"]
    rate = {"vat_category": line.vat_category, "basis_points": line.basis_points}
    return {
        "number": line.number,
        "on": line.on.isoformat(),
        "buyer": {"country": buyer["country"], "vat_number": buyer.get("vat_number")},
        "operation": line.operation,
        **rate,
        **_cents(report, line.net_cents, line.vat_cents, line.gross_cents),
    }
