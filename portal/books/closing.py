"""Closes months and years: figures, chain heads, and a sealed PDF that says them."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.actor import Actor
from portal.backups.gaps import GapState, UsageGap
from portal.billing.chain import chain_payments
from portal.billing.closings import Closing, closed_through
from portal.billing.credit_models import CreditLine, CreditNote, Refund
from portal.billing.models import BillingRun, Invoice, Payment, RunState
from portal.books.closing_paper import closing_draft
from portal.books.deferral import book
from portal.books.verify import walk
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.papers import Seal, promise
from portal.resellers.models import LegalEntity
from portal.sepa.models import Batch, BatchState
from portal.sepa.models.batch import UNSEEN
from portal.subscriptions.models import Subscription

_AT_ONCE = 200
_DECEMBER = 12  # the accounting year is the calendar's
Figures = dict[tuple[str, str], list[int]]  # kind and detail: count, net, VAT, gross in cents


def months_of(entity: LegalEntity) -> list[str]:
    """From the first month with an invoice or a payment, or the present one, to the present one."""
    first = _first_day(entity)
    months, day = [], first.replace(day=1)
    while day <= clock.today():
        months.append(f"{day:%Y-%m}")
        day = (day + timedelta(days=31)).replace(day=1)
    return months


def _first_day(entity: LegalEntity) -> date:
    with scope(EVERYTHING):
        days = [
            db.session.scalar(select(func.min(column)).where(model.legal_entity_id == entity.id))
            for model, column in ((Invoice, Invoice.issued_on), (Payment, Payment.received_on))
        ]
    return min([day for day in days if day is not None], default=clock.today())


def next_month(entity: LegalEntity) -> str | None:
    """The month that may be closed next, once it is over."""
    last = closed_through(entity.id)
    day = last + timedelta(days=1) if last else _first_day(entity).replace(day=1)
    return f"{day:%Y-%m}" if _last_day(f"{day:%Y-%m}") < clock.today() else None


def _last_day(month: str) -> date:
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, monthrange(year, number)[1])


def close_month(entity: LegalEntity, month: str, *, by: Actor) -> Closing:
    """Close the next month of an entity for good; December books what the year defers.

    Raises Refused for another month, and, with the place where it is to be done, while a run, a bank file or
    the decision about usage of that month is open, or when the books do not hold.

    Source: CGI art. 286 I 3° bis (monthly and yearly closing); C. com. art. L123-22.
    """
    if month != (due := next_month(entity)):
        raise Refused(
            _("Le prochain mois à clôturer est %(month)s.", month=due)
            if due
            else _("Aucun mois n'est à clôturer : un mois se clôture quand il est fini."),
            field="period",
        )
    last = _last_day(month)
    first = last.replace(day=1)
    _refuse_what_is_open(entity, month, last)
    chain_payments(entity)
    seen = walk(entity, papers=False)
    if seen.faults:
        raise Refused(_("Les livres ne tiennent pas : voyez la preuve des livres."), field="period")
    figures, heads = _figures(entity, first, last), _heads(entity, last)
    heads |= {name: head for name, head in seen.heads.items() if name.startswith("PAY-")}
    closing = _keep(entity, month, (first, last), figures, heads, by)
    if last.month == _DECEMBER:
        book(entity, last, by=by)
    return closing


def close_year(entity: LegalEntity, year: str, *, by: Actor) -> Closing:
    """Close a year whose months are all closed: its figures are the sum of theirs.

    Raises Refused for a year that has an open month, and for one that is closed. What the year
    defers was booked with its December, or is now.
    """
    own = select(Closing).where(Closing.legal_entity_id == entity.id)
    months = list(
        db.session.scalars(own.where(Closing.period.startswith(f"{year}-")).order_by(Closing.period))
    )
    if not months or months[-1].period != f"{year}-12":
        raise Refused(_("Une année se clôture quand son mois de décembre l'est."), field="period")
    if db.session.scalar(own.with_only_columns(Closing.id).where(Closing.period == year)) is not None:
        raise Refused(_("Cette année est déjà clôturée."), field="period")
    figures: Figures = {}
    heads: dict[str, Any] = {}
    for each in months:
        heads |= each.heads
        for kind, detail, *numbers in each.figures:
            _add(figures, kind, detail, *numbers)
    book(entity, months[-1].last_day, by=by)
    return _keep(entity, year, (months[0].first_day, months[-1].last_day), figures, heads, by)


def _keep(
    entity: LegalEntity,
    period: str,
    days: tuple[date, date],
    figures: Figures,
    heads: dict[str, Any],
    by: Actor,
) -> Closing:
    if by.id is None:
        raise Refused(_("Une période est clôturée par une personne."))
    rows: list[list[Any]] = [[*key, *numbers] for key, numbers in sorted(figures.items())]
    at = clock.now()
    with force_locale("fr"):  # the language of the books, whoever closes them
        draft, reason = closing_draft(entity, period, days, rows, heads, by.label, at), _("Clôture")
    document = promise(
        draft,
        owner=entity.organisation,
        subject=entity,
        kind="closing",
        filename=f"cloture-{period}.pdf",
        urgent=True,
        seal=Seal(f"{reason} {period}", at),
    )
    db.session.flush()
    closing = Closing(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        period=period,
        first_day=days[0],
        last_day=days[1],
        figures=rows,
        heads=heads,
        closed_by_id=by.id,
        closed_by=by.label,
        document_id=document.id,
        document=document,
    )
    db.session.add(closing)
    db.session.flush()
    record(entity, "close_books", by=by, period=period)
    return closing


def _refuse_what_is_open(entity: LegalEntity, month: str, last: date) -> None:
    with scope(EVERYTHING):
        run = select(BillingRun.id).where(BillingRun.legal_entity_id == entity.id, BillingRun.month <= month)
        if db.session.scalar(run.where(BillingRun.state != RunState.DONE).limit(1)) is not None:
            raise Refused(
                _("La facturation de ce mois est en cours : voyez « Facturation mensuelle »."), field="period"
            )
        batch = select(Batch.id).where(Batch.legal_entity_id == entity.id, Batch.frozen_on <= last)
        making = batch.where(Batch.state.in_([*UNSEEN, BatchState.FROZEN])).limit(1)
        if db.session.scalar(making) is not None:
            raise Refused(
                _("Une remise de ce mois n'a pas encore son fichier : voyez « Prélèvements »."),
                field="period",
            )
        gap = select(UsageGap.id).join(Subscription, Subscription.id == UsageGap.subscription_id)
        gap = gap.where(Subscription.legal_entity_id == entity.id, UsageGap.period_on <= last)
        if db.session.scalar(gap.where(UsageGap.state == GapState.OPEN).limit(1)) is not None:
            raise Refused(
                _("Un écart d'usage de ce mois n'est pas décidé : voyez « Écarts d'usage »."), field="period"
            )


def _add(figures: Figures, kind: str, detail: str, *numbers: int) -> None:
    before = figures.setdefault((kind, detail), [0, 0, 0, 0])
    figures[kind, detail] = [a + b for a, b in zip(before, numbers, strict=True)]


def _figures(entity: LegalEntity, first: date, last: date) -> Figures:
    figures: Figures = {}
    with scope(EVERYTHING):
        for row, kind, sign in _documents(entity, first, last):
            _add(figures, kind, "", 1, row.net_cents, row.vat_cents, row.gross_cents)
            for rate in _rates_of(row):
                basis_points, category, net, vat = rate
                _add(
                    figures,
                    "vat",
                    f"{category} {basis_points}",
                    0,
                    sign * net,
                    sign * vat,
                    sign * (net + vat),
                )
        paid = select(Payment.kind, func.count(), func.sum(Payment.amount_cents)).where(
            Payment.legal_entity_id == entity.id, Payment.received_on.between(first, last)
        )
        for kind, count, cents in db.session.execute(paid.group_by(Payment.kind)):
            _add(figures, "payment", str(kind.value), int(count), 0, 0, int(cents))
        given = select(func.count(), func.sum(Refund.cents)).where(
            Refund.legal_entity_id == entity.id, Refund.refunded_on.between(first, last)
        )
        count, cents = db.session.execute(given).one()
        if count:
            _add(figures, "refund", "", int(count), 0, 0, int(cents))
    return figures


def _documents(entity: LegalEntity, first: date, last: date) -> Iterator[tuple[Any, str, int]]:
    for model, kind, sign in ((Invoice, "invoice", 1), (CreditNote, "credit_note", -1)):
        lines: Any = selectinload(model.lines)
        query = select(model).where(model.legal_entity_id == entity.id, model.issued_on.between(first, last))
        query = query.options(lines if model is Invoice else lines.joinedload(CreditLine.line))
        for row in db.session.scalars(query.order_by(model.id).execution_options(yield_per=_AT_ONCE)):
            yield row, kind, sign


def _rates_of(row: Invoice | CreditNote) -> list[tuple[int, str, int, int]]:
    """By rate and category: net and VAT in cents. A credit note keeps the VAT that it took back."""
    if isinstance(row, Invoice):
        return [(each.basis_points, each.category, each.net_cents, each.vat_cents) for each in row.rates]
    return [
        (each.line.vat_basis_points, each.line.vat_category, each.net_cents, each.vat_cents)
        for each in row.lines
    ]


def _heads(entity: LegalEntity, last: date) -> dict[str, Any]:
    """By series, the last number up to a day and its hash."""
    heads: dict[str, Any] = {}
    with scope(EVERYTHING):
        for model in (Invoice, CreditNote):
            query = select(model.number, model.hash).where(model.legal_entity_id == entity.id)
            query = query.where(model.issued_on <= last, model.issued_on >= last.replace(month=1, day=1))
            for number, hash_ in db.session.execute(query.order_by(model.number)):
                heads[number.rpartition("-")[0]] = [number, hash_]
    return heads
