"""``flask billing …``: a month worked out, billed and followed, from a shell or a scheduler."""

import time
from typing import Any

import click
from sqlalchemy import select

from portal.billing.chain import accept_today
from portal.billing.models import BillingRun
from portal.billing.questions import questions_before
from portal.billing.run import last_day, month_of, start_run
from portal.billing.run_preview import PreviewState, RunPreview, ask_preview
from portal.billing.skips import skips_of
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM
from portal.paging import total_of
from portal.sepa.commands import act_and_tell, creditor_named
from portal.wording import N_

_PATIENCE_SECONDS = 600  # for a worker that works a month out
_ENTITY = click.option("--entity", required=True, help="Public id or ICS of the legal entity.")
_MONTH = click.option("--month", required=True, help="Such as 2026-12.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group()
def billing() -> None:
    """The months of an issuer: preview, run, status."""


@billing.command()
@_ENTITY
@_MONTH
@_JSON
def preview(entity: str, month: str, as_json: bool) -> None:
    """What the month would bill now, worked out by a worker; nothing is issued."""

    def act() -> list[dict[str, Any]]:
        row = ask_preview(creditor_named(entity), month, by=SYSTEM)
        db.session.commit()
        return [_previewed(_when_done(row))]

    act_and_tell(as_json, act)


def _when_done(row: RunPreview) -> RunPreview:
    until = time.monotonic() + _PATIENCE_SECONDS
    while row.state != PreviewState.DONE:
        if time.monotonic() > until:
            raise Refused(N_("Aucun service de fond n'a calculé ce mois : lancez « flask worker »."))
        time.sleep(0.3)
        db.session.rollback()
        db.session.refresh(row)
    return row


def _previewed(row: RunPreview) -> dict[str, Any]:
    return {
        "month": row.month,
        "customers": row.customers,
        "odd": row.odd,
        "debits": row.debits,
        "gross_cents": row.gross_cents,
        "before_cents": row.before_cents,
    }


@billing.command()
@_ENTITY
@_MONTH
@click.option("--certain", is_flag=True, help="Bill what is certain, and leave what is undecided.")
@_JSON
def run(entity: str, month: str, certain: bool, as_json: bool) -> None:
    """Ask for the run of a month; a worker bills it."""

    def act() -> list[dict[str, Any]]:
        row = start_run(creditor_named(entity), month, by=SYSTEM, certain_only=certain)
        db.session.commit()
        return [{"run": row.uid, "month": row.month, "part": row.part, "state": row.state.value}]

    act_and_tell(as_json, act)


@billing.command()
@_ENTITY
@_MONTH
@_JSON
def status(entity: str, month: str, as_json: bool) -> None:
    """The runs of a month, who was left out, and what is undecided."""

    def act() -> list[dict[str, Any]]:
        issuer = creditor_named(entity)
        month_of(month)
        query = select(BillingRun).where(BillingRun.legal_entity_id == issuer.id, BillingRun.month == month)
        rows: list[dict[str, Any]] = [
            {
                "run": row.uid,
                "part": row.part,
                "state": row.state.value,
                "invoices": row.invoices,
                "debits": row.collections,
                "skipped": total_of(skips_of(row)),
                "gross_cents": row.gross_cents,
            }
            for row in db.session.scalars(query.order_by(BillingRun.part))
        ]
        return [*rows, {"undecided": len(questions_before(issuer, last_day(month)))}]

    act_and_tell(as_json, act)


@billing.command("accept-day")
@_ENTITY
@_JSON
def accept_day(entity: str, as_json: bool) -> None:
    """After a clock that was ahead: number on from today, behind papers that bear a later day."""

    def act() -> list[dict[str, Any]]:
        issuer = creditor_named(entity)
        days = accept_today(issuer, by=SYSTEM)
        db.session.commit()
        return [{"series": name, "last_on": day.isoformat()} for name, day in days.items()]

    act_and_tell(as_json, act)
