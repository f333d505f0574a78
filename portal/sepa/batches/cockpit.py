"""The cockpit of what is due: by date, what is stopped and why, and the button that freezes a batch."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import groupby, product

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from wtforms import SelectChoice

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.i18n import eur, plain_day
from portal.jobs import Task
from portal.paging import COUNTED, Count, Page, chunk_of, first_of, page_of
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.sepa.batches.forms import FreezeForm
from portal.sepa.batches.large_freeze import latest_freeze
from portal.sepa.blueprint import bp
from portal.sepa.formats.values import Scheme
from portal.sepa.models import Batch, Collection, CollectionState
from portal.sepa.models.freezing import due_collections

_SCHEMES: tuple[Scheme, Scheme] = ("CORE", "B2B")
_JUDGED = 500  # rows of one creditor whose problems the cockpit looks for


@dataclass(frozen=True, slots=True)
class DueDay:
    due_on: date
    hand_in_by: date
    count: int
    cents: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Due:
    """What one creditor will debit under one scheme."""

    entity: LegalEntity
    scheme: Scheme
    days: list[DueDay]
    blocked: list[tuple[Collection, str]]
    partial: bool  # too many rows to judge them all
    form: FreezeForm
    task: Task | None  # that freezes them now, or could not


def _due(entity: LegalEntity, scheme: Scheme) -> Due | None:
    today = clock.today()
    rows = chunk_of(due_collections(entity, scheme, date.max), _JUDGED + 1)
    if not rows:
        return None
    blocked = [(row, sentence) for row in rows[:_JUDGED] if (sentence := row.problem(today))]
    stopped = {row.id for row, _sentence in blocked}
    days = []
    for (due_on, hand_in_by), group in groupby(rows[:_JUDGED], lambda row: (row.due_on, row.hand_in_by)):
        members = list(group)
        free = [row.amount_cents for row in members if row.id not in stopped]
        days.append(DueDay(due_on, hand_in_by, len(free), sum(free), len(members) - len(free)))
    return Due(
        entity,
        scheme,
        days,
        blocked,
        len(rows) > _JUDGED,
        _freeze_form(entity, scheme, days),
        latest_freeze(entity, scheme),
    )


def _freeze_form(entity: LegalEntity, scheme: Scheme, days: list[DueDay]) -> FreezeForm:
    form = FreezeForm(formdata=None, entity=entity.uid, scheme=scheme)
    count = cents = 0
    form.through.choices = []
    for day in days:
        count, cents = count + day.count, cents + day.cents
        if day.count:
            number = ngettext("%(num)d prélèvement", "%(num)d prélèvements", count)
            text = _("jusqu'au %(day)s", day=plain_day(day.due_on))
            label = f"{text} – {number}, {eur(cents)}"
            form.through.choices.append(SelectChoice(day.due_on.isoformat(), label))
    return form


def _held() -> Page[Collection]:
    query = run_by(Collection, g.actor).where(Collection.hold_reason.is_not(None))
    query = query.where(Collection.state == CollectionState.HELD).options(selectinload(Collection.mandate))
    return page_of(query, Collection.due_on, Collection.id, name="held")


def _announced(entities: list[LegalEntity]) -> tuple[Count, int]:
    """How many debits are announced and what they come to, counted no further than a person reads."""
    number = total = 0
    for entity, scheme in product(entities, _SCHEMES):
        query = select(Collection.amount_cents).where(
            Collection.legal_entity_id == entity.id,
            Collection.scheme == scheme,
            Collection.batch_id.is_(None),
            Collection.state == CollectionState.ANNOUNCED,
        )
        some = chunk_of(query.order_by(Collection.due_on, Collection.id), COUNTED + 1 - number)
        number, total = number + len(some), total + sum(some[: COUNTED - number])
        if number > COUNTED:
            return Count(COUNTED, is_more=True), total
    return Count(number), total


@bp.get("/collections")
@requires(Permission.BATCH_READ)
def cockpit() -> Response:
    """What is due by date, what is stopped and why, and the button that freezes the batch."""
    entities = list(db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST)))
    dues = [due for entity, scheme in product(entities, _SCHEMES) if (due := _due(entity, scheme))]
    count, cents = _announced(entities)
    page = render_template(
        "sepa/cockpit.html",
        dues=dues,
        count=count,
        cents=cents,
        batches=first_of(run_by(Batch, g.actor).order_by(Batch.id.desc()), 5),
        blocked=sum(len(due.blocked) for due in dues),
        held=_held(),
        reasons=Counter(why for due in dues for _row, why in due.blocked).most_common(),
    )
    return make_response(page)


@bp.post("/collections/<uid>/cancellation")
@requires(Permission.BATCH_WRITE)
def cancel_collection(uid: str) -> Response:
    collection = get_or_404(run_by(Collection, g.actor), uid)
    collection.cancel(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".cockpit"), toast=_("Le prélèvement %(r)s est annulé.", r=collection.reference))


@bp.post("/collections/<uid>/new-date")
@requires(Permission.BATCH_WRITE)
def postpone_collection(uid: str) -> Response:
    collection = get_or_404(run_by(Collection, g.actor), uid)
    collection.postpone(by=g.actor)
    db.session.commit()
    day = plain_day(collection.due_on)
    return htmx.go(url_for(".cockpit"), toast=_("Nouvelle date annoncée au client : %(day)s.", day=day))
