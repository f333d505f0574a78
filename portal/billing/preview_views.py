"""A month before it is billed: worked out in the background, looked at, then billed from the same page."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.billing.run_preview import Odd, PreviewLine, PreviewState, RunPreview, ask_preview
from portal.billing.views import RunForm, run_form
from portal.csv_file import csv_answer, euros, rows_of
from portal.eaddresses.queries import to_settle
from portal.forms import saving
from portal.jobs import find_task
from portal.paging import page_of, total_of
from portal.resellers.issuing import issuers_to_run, run_by
from portal.words.choices import ODD

bp = Blueprint("run_previews", __name__, url_prefix="/billing/previews")
bp.add_app_template_filter(lambda odd: ODD[odd], "odd_word")


@bp.post("")
@requires(Permission.MONTH_RUN)
def create() -> Response:
    form = run_form()
    if form.validate():
        entity = get_or_404(issuers_to_run(g.actor), form.entity.data)
        with saving(form, "month"):
            preview = ask_preview(entity, f"{form.month.data:%Y-%m}", by=g.actor)
    if form.errors:
        return htmx.go(url_for("billing.list_runs"), toast=_("Choisissez un mois qui a commencé."))
    return htmx.go(url_for(".show", uid=preview.uid))


@bp.get("/<uid>")
@requires(Permission.MONTH_READ)
def show(uid: str) -> Response:
    preview = get_or_404(run_by(RunPreview, g.actor), uid)
    context = {"preview": preview, "task": find_task("billing.preview", preview.uid)}
    if htmx.wants_fragment() and preview.state != PreviewState.DONE:
        return htmx.poll_answer("billing/_preview.html", finished=False, **context)
    everybody = "all" in request.args
    query = select(PreviewLine).where(PreviewLine.preview_id == preview.id)
    query = query if everybody else query.where(PreviewLine.is_odd)
    lines = page_of(query.options(joinedload(PreviewLine.customer)), PreviewLine.id, name="lines")
    form = run_form(RunForm(formdata=None, entity=preview.legal_entity.uid))
    addresses = total_of(to_settle(g.actor, preview.legal_entity))
    page = render_template(
        "billing/preview.html", lines=lines, everybody=everybody, form=form, addresses=addresses, **context
    )
    return make_response(page)


@bp.get("/<uid>/lines.csv")
@requires(Permission.MONTH_READ)
def download(uid: str) -> Response:
    preview = get_or_404(run_by(RunPreview, g.actor), uid)
    query = select(PreviewLine).where(PreviewLine.preview_id == preview.id).order_by(PreviewLine.id)
    query = query.options(joinedload(PreviewLine.customer))
    head = (_("Client"), _("Montant TTC"), _("Mois précédent"), _("À regarder"))
    rows = (
        (
            line.customer.name,
            euros(line.gross_cents),
            euros(line.before_cents),
            ", ".join(str(ODD[Odd(each)]) for each in line.odd),
        )
        for (line,) in rows_of(query)
    )
    return csv_answer(f"apercu-{preview.month}.csv", head, rows)
