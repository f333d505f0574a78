"""Credits to decide: the list, one proposal with its working, accepted or refused."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.availability.credits import ServiceCredit
from portal.availability.forms import WhyForm
from portal.availability.lists import CREDITS
from portal.availability.queries import credits_run_by
from portal.availability.using import use_credit
from portal.db import db
from portal.forms import saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.words.service_names import CAPS

bp = Blueprint("service_credits", __name__, url_prefix="/credits-due")
bp.add_app_template_filter(lambda cap: CAPS[cap], "cap_word")


@bp.get("")
@requires(Permission.CREDIT_DUE_READ)
def list_credits() -> Response:
    return list_page(CREDITS, "listing/page.html")


def _credit(uid: str) -> ServiceCredit:
    found: ServiceCredit = get_or_404(credits_run_by(g.actor), uid)
    return found


def _page(row: ServiceCredit, status: int = 200, form: WhyForm | None = None) -> Response:
    page = render_template(
        "availability/credit.html",
        credit=row,
        form=form or WhyForm(formdata=None),
        terms=row.subscription.terms.on(row.month),
        events=timeline(row),
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.CREDIT_DUE_READ)
def show_credit(uid: str) -> Response:
    return _page(_credit(uid))


@bp.post("/<uid>/acceptance")
@requires(Permission.CREDIT_DUE_DECIDE)
def accept_credit(uid: str) -> Response:
    """Granted; an invoice that is open since the same day takes it at once, later ones by the worker."""
    row = _credit(uid)
    if asking := confirm_first(url_for(".show_credit", uid=uid)):
        return asking
    if not row.is_current():
        db.session.commit()
        return htmx.go(url_for(".list_credits"), toast=_("Le calcul a changé depuis : relisez-le."))
    row.accept(by=g.actor)
    db.session.flush()
    use_credit(row, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_credit", uid=uid), toast=_("L'avoir servira à la prochaine facture."))


@bp.post("/<uid>/refusal")
@requires(Permission.CREDIT_DUE_DECIDE)
def refuse_credit(uid: str) -> Response:
    row, form = _credit(uid), WhyForm()
    if form.validate():
        with saving(form, "why"):
            row.refuse(form.why.data or "", by=g.actor)
    if form.errors:
        return _page(_credit(uid), 422, form)
    return htmx.go(url_for(".show_credit", uid=uid), toast=_("L'avoir est refusé."))
