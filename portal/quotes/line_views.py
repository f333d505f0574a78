"""One line of a quote that is being written: away with it, and what the prospect wishes otherwise."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.contracts.typed_values import as_typed
from portal.db import db
from portal.forms import saving
from portal.quotes.forms import WishForm, wish_form
from portal.quotes.models import QuoteLine
from portal.quotes.writing import drop_wish, remove_line, wish
from portal.terms.vocabulary import KEYS

bp = Blueprint("quote_lines", __name__, url_prefix="/quote-lines/<uid>")
_FIRST = "plan.{plan}.notice_months"  # what is wished most


def _line(uid: str) -> QuoteLine:
    """In scope; its quote is held until the end of the transaction."""
    line: QuoteLine = get_or_404(QuoteLine.visible_to(g.actor), uid)
    db.session.refresh(line.quote, with_for_update=True)
    return line


def _key(line: QuoteLine, asked: str | None) -> str:
    return asked if asked in KEYS else _FIRST.format(plan=line.plan.value)


@bp.post("/removal")
@requires(Permission.QUOTE_WRITE)
def remove(uid: str) -> Response:
    line = _line(uid)
    quote = line.quote
    remove_line(quote, line, by=g.actor)
    db.session.commit()
    return htmx.go(url_for("quotes.show_quote", uid=quote.uid), toast=_("Offre retirée du devis."))


@bp.get("/conditions/new")
@requires(Permission.QUOTE_WRITE)
def new_wish(uid: str) -> Response:
    line = _line(uid)
    return _page(line, wish_form(line, _key(line, request.args.get("key"))))


def _page(line: QuoteLine, form: WishForm, status: int = 200) -> Response:
    page = render_template(
        "quotes/wish.html",
        quote=line.quote,
        line=line,
        form=form,
        key=form.key.data,
        present=line.terms.find(form.key.data or ""),
        entry=KEYS.get(form.key.data or ""),
    )
    return make_response(page, status)


@bp.post("/conditions")
@requires(Permission.QUOTE_WRITE)
def create_wish(uid: str) -> Response:
    line = _line(uid)
    form = wish_form(line, _key(line, request.form.get("key")))
    if form.validate():
        with saving(form, "value"):
            wish(line, form.key.data, as_typed(form.value.data), by=g.actor)
    if form.errors:
        return _page(_line(uid), form, 422)
    return htmx.go(
        url_for("quotes.show_quote", uid=line.quote.uid), toast=_("Condition particulière écrite.")
    )


@bp.post("/conditions/<key>/removal")
@requires(Permission.QUOTE_WRITE)
def remove_wish(uid: str, key: str) -> Response:
    line = _line(uid)
    drop_wish(line, key, by=g.actor)
    db.session.commit()
    return htmx.go(
        url_for("quotes.show_quote", uid=line.quote.uid), toast=_("Condition particulière retirée.")
    )
