"""What was asked for on the web, as the house reads it: a quote that is filled in, or a reason why not."""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.quotes.models import Quote
from portal.quotes.writing import Head, add_line, draft_quote
from portal.resellers.models import issuer_for
from portal.signups.forms import ReasonForm
from portal.signups.lists import SIGN_UPS, confirmed
from portal.signups.models import KINDS, SignUp

bp = Blueprint("leads", __name__, url_prefix="/sign-ups")


@bp.app_template_filter()
def wish_words(row: SignUp) -> str:
    """What was asked for, in a word."""
    return str(KINDS[row.kind])


@bp.get("")
@requires(Permission.CUSTOMER_READ)
def list_sign_ups() -> Response:
    return list_page(SIGN_UPS, "listing/page.html")


def _held(uid: str) -> SignUp:
    """One that is confirmed, held until the end of the transaction."""
    query = confirmed().with_for_update(of=SignUp).execution_options(populate_existing=True)
    found: SignUp = get_or_404(query, uid)
    return found


def _page(row: SignUp, form: ReasonForm, status: int = 200) -> Response:
    page = render_template(
        "signups/lead.html", row=row, form=form, events=timeline(row), mails=mails_about(row)
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.CUSTOMER_READ)
def show(uid: str) -> Response:
    return _page(get_or_404(confirmed(), uid), ReasonForm(formdata=None))


@bp.post("/<uid>/quote")
@requires(Permission.QUOTE_WRITE)
def write_quote(uid: str) -> Response:
    """A draft with what she asked for, at the price of the day."""
    row, form, quote_uid = _held(uid), ReasonForm(formdata=None), ""
    with saving(form, WHOLE):
        quote_uid = _quote(row).uid
    if form.form_errors:
        return _page(_held(uid), form, 422)
    return htmx.go(url_for("quotes.show_quote", uid=quote_uid), toast=_("Devis créé : relisez-le."))


def _quote(row: SignUp) -> Quote:
    """Raises Refused without a customer, IllegalStep for one that is settled."""
    if row.customer is None:
        raise Refused(_("Enregistrez d'abord ce client."))
    row._take("settle", by=g.actor)
    until = clock.today() + timedelta(issuer_for(row.customer).quote_days)
    quote = draft_quote(row.customer, Head(until), by=g.actor)
    add_line(
        quote, row.product, row.quantity, row.method, by=g.actor, health_data=bool(row.customer.health_data)
    )
    row.outcome_uid = quote.uid
    return quote


@bp.post("/<uid>/dismissal")
@requires(Permission.QUOTE_WRITE)
def dismiss(uid: str) -> Response:
    row, form = _held(uid), ReasonForm()
    if form.validate():
        with saving(form, WHOLE):
            row._take("dismiss", by=g.actor, reason=form.reason.data)
            row.dismissed_because = form.reason.data or ""
    if form.errors or form.form_errors:
        return _page(_held(uid), form, 422)
    return htmx.go(url_for(".list_sign_ups"), toast=_("La demande est écartée."))
