"""Usage above the contracts, for finance: bill the difference, or say why not."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import case
from sqlalchemy.orm import joinedload

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.backups.forms import ReviewForm
from portal.backups.gaps import GapState, UsageGap
from portal.db import db
from portal.paging import page_of
from portal.subscriptions.models import Subscription

bp = Blueprint("usage_gaps", __name__, url_prefix="/usage-gaps")


@bp.get("")
@requires(Permission.BILLING_READ)
def list_gaps() -> Response:
    return _page()


def _page(wrong: str = "", form: ReviewForm | None = None, status: int = 200) -> Response:
    """The undecided ones first; ``wrong`` is the row whose form comes back."""
    query = UsageGap.visible_to(g.actor).options(
        joinedload(UsageGap.subscription).joinedload(Subscription.customer)
    )
    is_decided = case((UsageGap.state == GapState.OPEN, 0), else_=1)
    page = render_template(
        "backups/gaps.html",
        gaps=page_of(query, is_decided, UsageGap.id.desc()),
        wrong=wrong,
        form=form or ReviewForm(formdata=None),
        blank=ReviewForm(formdata=None),
    )
    return make_response(page, status)


@bp.post("/<uid>/billing")
@requires(Permission.BILLING_RUN)
def bill(uid: str) -> Response:
    gap = get_or_404(UsageGap.visible_to(g.actor), uid)
    gap.bill(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_gaps"), toast=_("La différence sera sur la prochaine facture du client."))


@bp.post("/<uid>/dismissal")
@requires(Permission.BILLING_RUN)
def dismiss(uid: str) -> Response:
    gap = get_or_404(UsageGap.visible_to(g.actor), uid)
    form = ReviewForm()
    if not form.validate():
        return _page(uid, form=form, status=422)
    gap.dismiss(form.note.data.strip(), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".list_gaps"), toast=_("Écart classé."))
