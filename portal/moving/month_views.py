"""The parallel month of an import: what the portal would bill, beside what the former system has billed."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import MonthField
from wtforms.validators import InputRequired

from portal import clock, htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.blobs import keep
from portal.csv_file import csv_answer, euros, rows_of
from portal.customers.models import Customer
from portal.db import db, new_uid
from portal.errors import Refused
from portal.forms import saving
from portal.moving.models import Moving, MovingState
from portal.moving.month_models import MonthState, ParallelLine, ParallelMonth
from portal.moving.reading import LARGEST
from portal.paging import first_of, page_of
from portal.words.states import look_of

bp = Blueprint("parallel", __name__, url_prefix="/moving/<uid>/month")


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "parallel.create":
        request.max_content_length = LARGEST + 4096  # the form around the file


class MonthForm(FlaskForm):
    month = MonthField(_l("Mois"), [InputRequired(_l("Indiquez un mois."))])
    file = FileField(
        _l("Factures de l'ancien système"),
        render_kw={"accept": ".csv,.xlsx", "required": True, "aria-required": "true"},
    )


@bp.get("")
@requires(Permission.MOVING_READ)
def show(uid: str) -> Response:
    moving = get_or_404(Moving.visible_to(g.actor), uid)
    return _page(moving, MonthForm(formdata=None, month=clock.today()))


def _latest(moving: Moving) -> ParallelMonth | None:
    query = ParallelMonth.visible_to(g.actor).where(ParallelMonth.moving_id == moving.id)
    return next(iter(first_of(query.order_by(ParallelMonth.id.desc()), 1)), None)


def _page(moving: Moving, form: MonthForm, status: int = 200) -> Response:
    month = _latest(moving)
    query = ParallelLine.visible_to(g.actor).where(ParallelLine.month_id == (month.id if month else None))
    lines = page_of(query, ParallelLine.rank, ParallelLine.id, name="lines")
    uids = [line.customer_uid for line in lines]
    names = select(Customer.uid, Customer.name).where(Customer.uid.in_(uids))
    page = render_template(
        "moving/month.html",
        moving=moving,
        form=form,
        month=month,
        lines=lines,
        names={row.uid: row.name for row in db.session.execute(names)},
        task=jobs.find_task("moving.month", month.uid) if month else None,
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.MOVING_WRITE)
def create(uid: str) -> Response:
    """Keep the former system's lines; the worker puts them beside ours and issues nothing."""
    moving = get_or_404(Moving.visible_to(g.actor), uid)
    form = MonthForm()
    content = form.file.data.read() if form.validate() and form.file.data else b""
    with saving(form, "file"):
        if not content:
            raise Refused(_("Choisissez un fichier CSV ou XLSX."))
        _ask(moving, content, f"{form.month.data:%Y-%m}" if form.month.data else "")
    if form.errors:
        return _page(get_or_404(Moving.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for(".show", uid=uid))


def _ask(moving: Moving, content: bytes, month: str) -> None:
    if moving.state != MovingState.TAKEN:
        raise Refused(_("Ces clients ne sont pas encore repris."))
    row = ParallelMonth(
        uid=new_uid(),
        organisation=moving.organisation,
        moving_id=moving.id,
        month=month,
        state=MonthState.WORKING,
        counts={},
        problem="",
    )
    row.document = keep(
        content,
        owner=moving.organisation,
        subject=row,
        kind="moving",
        filename="mois.csv",
        media_type="application/octet-stream",
    )
    db.session.add(row)
    db.session.flush()
    jobs.enqueue("moving.month", row.uid, moving.organisation, unit="customers")


@bp.get("/file.csv")
@requires(Permission.MOVING_READ)
def as_csv(uid: str) -> Response:
    """Every line of the latest comparison."""
    month = _latest(get_or_404(Moving.visible_to(g.actor), uid))
    query: Any = select(ParallelLine).where(ParallelLine.month_id == (month.id if month else None))
    head = [_("Résultat"), _("Référence"), _("Libellé"), _("Ici HT"), _("Ici TVA"), _("Ici TTC")]
    head += [_("Ancien HT"), _("Ancien TVA"), _("Ancien TTC"), _("Écart HT"), _("Écart TVA"), _("Écart TTC")]
    rows = (_cells(row) for (row,) in rows_of(query.order_by(ParallelLine.rank, ParallelLine.id)))
    return csv_answer("mois.csv", head, rows)


def _cells(row: ParallelLine) -> list[Any]:
    amounts = (row.here_net, row.here_vat, row.here_gross, row.there_net, row.there_vat, row.there_gross)
    differences = (row.difference(each) for each in ("net", "vat", "gross"))
    told = ["" if each is None else euros(each) for each in (*amounts, *differences)]
    return [look_of(row.verdict).word, row.reference, row.label, *told]
