"""Usage above the contracts: who may bill the difference, or say why not; whose customers they are reads."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import Select

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.answers.rules.periods import last_usable_day
from portal.backups.editions import why_outside
from portal.backups.forms import ReviewForm
from portal.backups.gaps import GapKind, UsageGap
from portal.backups.interim import bill_interim
from portal.backups.lists import GAPS, decides
from portal.db import db
from portal.errors import Refused
from portal.journal import timeline
from portal.licensing.models import Activation
from portal.listing.page import list_page

bp = Blueprint("usage_gaps", __name__, url_prefix="/usage-gaps")


@bp.app_template_filter()
def outside_edition(machine: Activation) -> Refused | None:
    """The first limit of its edition that a machine passes."""
    return why_outside(machine) if machine.outside_since is not None else None


@bp.get("")
@requires(Permission.GAP_READ)
def list_gaps() -> Response:
    return list_page(GAPS, "backups/gaps.html")


@bp.get("/<uid>")
@requires(Permission.GAP_READ)
def show_gap(uid: str) -> Response:
    return _page(get_or_404(UsageGap.visible_to(g.actor), uid), ReviewForm(formdata=None))


def _page(gap: UsageGap, form: ReviewForm, status: int = 200) -> Response:
    last = last_usable_day(gap.period_ends_on)
    context = {"gap": gap, "form": form, "last": last, "events": timeline(gap), "decides": decides(gap)}
    page = render_template("backups/gap.html", **context)
    return make_response(page, status)


def _to_decide(query: Select[Any], uid: str) -> UsageGap:
    """One of a customer whom this person's issuer bills."""
    gap: UsageGap = get_or_404(query, uid)
    if not decides(gap):
        abort(404)
    return gap


@bp.post("/<uid>/billing")
@requires(Permission.MONTH_RUN)
def bill(uid: str) -> Response:
    gap = _to_decide(UsageGap.visible_to(g.actor).with_for_update(), uid)
    if gap.kind == GapKind.UNUSUAL:
        invoice = bill_interim(gap, by=g.actor)
        db.session.commit()
        toast = _("La facture %(number)s est émise ; celle du mois la déduira.", number=invoice.number)
        return htmx.go(url_for("billing.show_invoice", uid=invoice.uid), toast=toast)
    gap.bill(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_gaps"), toast=_("La différence sera sur la prochaine facture du client."))


@bp.post("/<uid>/dismissal")
@requires(Permission.MONTH_RUN)
def dismiss(uid: str) -> Response:
    gap = _to_decide(UsageGap.visible_to(g.actor), uid)
    form = ReviewForm()
    if not form.validate():
        return _page(gap, form, 422)
    gap.dismiss(form.note.data.strip(), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_gaps"), toast=_("Écart classé."))
