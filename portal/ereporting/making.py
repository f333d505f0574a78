"""Freezes the report of a period once, and rectifies earlier ones by what came to light since."""

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.db import db
from portal.ereporting.finding import Entry, entries_of
from portal.ereporting.models import NONE, EReport, EReportLine, EReportRegime, R, regimes_of
from portal.ereporting.rules import FREEZE_AFTER, Period, ReportKind, period_of, periods_between, regimes
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.resellers.models import LegalEntity, next_number
from portal.wording import N_

_SERIES = "ER"


def enter_regime(entity: LegalEntity, valid_from: date, regime: str, confirmed: str, *, by: Actor) -> None:
    """Set the regime of an issuer from a day on; what was reported before stays as it was.

    Raises Refused, beside the field, for a day that has passed, that is no first day of a period, or that
    has its regime, and for a regime that nobody has confirmed.

    Source: CGI art. 290, 290 A: 1 September 2026, and 2027 for small companies.
    """
    if valid_from < clock.today():
        raise Refused(N_("Ce jour est passé : il est déclaré autrement."), field="valid_from")
    if valid_from.day != 1 or (regime == "franchise" and valid_from.month % 2 == 0):
        raise Refused(N_("Un régime commence le premier jour d'une de ses périodes."), field="valid_from")
    if not confirmed.strip():
        raise Refused(N_("Dites quel expert-comptable a confirmé ce régime, et quand."), field="confirmed")
    if any(row.valid_from == valid_from for row in regimes_of(entity)):
        raise Refused(N_("Un régime commence déjà ce jour-là ; il ne change pas."), field="valid_from")
    row = EReportRegime(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        valid_from=valid_from,
        regime=regime,
        confirmed=confirmed.strip(),
        entered_by=by.label,
    )
    db.session.add(row)
    record(entity, "ereport_regime", by=by, regime=regime, valid_from=str(valid_from))


def regime_on(rows: list[EReportRegime], day: date) -> str:
    """That of a (Paris) day; rows: of one issuer, the oldest first."""
    return next((row.regime for row in reversed(rows) if row.valid_from <= day), NONE)


def periods_of(entity: LegalEntity, kind: ReportKind, until: date) -> list[tuple[str, Period]]:
    """Each period that has begun by a day, with its regime, the oldest first."""
    rows, found = regimes_of(entity), []
    for number, row in enumerate(rows):
        if row.regime == NONE or row.valid_from > until:
            continue
        cadence = regimes()[row.regime][kind]
        end = rows[number + 1].valid_from if number + 1 < len(rows) else None
        for period in periods_between(cadence, row.valid_from, until):
            if end is None or period.first < end:
                found.append((row.regime, period))
    return found


def to_freeze(entity: LegalEntity, kind: ReportKind) -> list[Period]:
    """Periods that ended some days ago and have no report yet."""
    query = select(EReport.first_on).where(EReport.legal_entity_id == entity.id, EReport.kind == kind)
    known = set(db.session.scalars(query))
    ripe = clock.today() - FREEZE_AFTER
    return [
        each for _name, each in periods_of(entity, kind, ripe) if each.last < ripe and each.first not in known
    ]


def freeze_report(entity: LegalEntity, kind: ReportKind, period: Period) -> None:
    """One report of a period, in the present transaction; a second call finds it and changes nothing.

    What bears an earlier day and was told in no report goes into a rectifying one of its own period.
    """
    rows = regimes_of(entity)
    own = _reports(entity, kind)
    if not rows or period.first in own:
        return
    by_period: dict[Period, list[Entry]] = defaultdict(list, {period: []})
    for entry in entries_of(entity, kind, rows[0].valid_from, period.last):
        regime = regime_on(rows, entry.on)
        if regime != NONE:
            by_period[period_of(regimes()[regime][kind], entry.on)].append(entry)
    for each in sorted(by_period):
        before = own.get(each.first)
        if each == period or before is not None:
            name = regime_on(rows, each.first)
            _freeze(entity, kind, each._replace(due_on=period.due_on), name, by_period[each], before)


def _reports(entity: LegalEntity, kind: ReportKind) -> dict[date, EReport]:
    """The last one of each period."""
    query = select(EReport).where(EReport.legal_entity_id == entity.id, EReport.kind == kind)
    return {row.first_on: row for row in db.session.scalars(query.order_by(EReport.turn))}


def _freeze(
    entity: LegalEntity,
    kind: ReportKind,
    period: Period,
    regime: str,
    entries: list[Entry],
    before: EReport | None,
) -> None:
    owner = db.session.get_one(Organisation, entity.organisation_id)
    report = EReport(
        organisation=owner,
        legal_entity_id=entity.id,
        kind=kind,
        regime=regime,
        number=next_number(entity, _SERIES, clock.today().year),
        first_on=period.first,
        last_on=period.last,
        due_on=period.due_on,
        turn=before.turn + 1 if before else 1,
        rectifies_id=before.id if before else None,
        net_cents=sum(entry.net_cents for entry in entries),
        vat_cents=sum(entry.vat_cents for entry in entries),
        gross_cents=sum(entry.gross_cents for entry in entries),
        state=R.READY if entries else R.EMPTY,
    )
    db.session.add(report)
    db.session.flush()
    db.session.add_all(
        EReportLine(organisation=owner, report_id=report.id, **entry._asdict()) for entry in entries
    )
    record(report, "freeze", by=SYSTEM, number=report.number, lines=len(entries))


def sums_of(report: EReport) -> list[tuple[date, bool, str, str, int, int, int, int, int]]:
    """What it tells, by day, abroad or not, operation, category and rate; how many lines, and cents."""
    line = EReportLine
    keys = line.on, line.is_business, line.operation, line.vat_category, line.basis_points
    sums = [func.sum(column) for column in (line.net_cents, line.vat_cents, line.gross_cents)]
    query = select(*keys, func.count(), *sums).where(line.report_id == report.id)
    rows = db.session.execute(query.group_by(*keys).order_by(*keys))
    return [(*row[:6], *(int(cents) for cents in row[6:])) for row in rows]
