"""Quotes of a house: the list, one quote, and what its seller does with it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.catalogue.models import Method, Product
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.paging import first_of
from portal.panels import Panel
from portal.quotes.comparing import compare
from portal.quotes.forms import BecauseForm, HeadForm, LineForm, SendForm, line_form
from portal.quotes.lists import QUOTES
from portal.quotes.models import Quote, QuoteState, shown_to
from portal.quotes.money import money_of
from portal.quotes.ordering import go_on
from portal.quotes.sending import resend, send, wider_in, withdraw
from portal.quotes.writing import add_line, agree_to_conditions, change_quote, draft_quote, new_version
from portal.resellers.models import issuer_for
from portal.subscriptions.offers import offers_for
from portal.wholesale.promises import is_refused
from portal.words.promises import TOPICS

bp = Blueprint("quotes", __name__)
_NEWEST = 6  # that a customer's page names; the list has them all


@bp.get("/quotes")
@requires(Permission.QUOTE_READ)
def list_quotes() -> Response:
    return list_page(QUOTES, "listing/page.html")


@bp.get("/customers/<customer_uid>/quotes/new")
@requires(Permission.QUOTE_WRITE)
def new_quote(customer_uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    last = clock.today() + timedelta(issuer_for(customer).quote_days)
    return _new_page(customer, HeadForm(formdata=None, valid_until=last))


def _new_page(customer: Customer, form: HeadForm, status: int = 200) -> Response:
    return make_response(render_template("quotes/new.html", customer=customer, form=form), status)


@bp.post("/customers/<customer_uid>/quotes")
@requires(Permission.QUOTE_WRITE)
def create_quote(customer_uid: str) -> Response:
    customer, form = get_or_404(Customer.visible_to(g.actor), customer_uid), HeadForm()
    if form.validate():
        with saving(form, WHOLE):
            uid = draft_quote(customer, form.head(), by=g.actor).uid
    if form.errors:
        return _new_page(get_or_404(Customer.visible_to(g.actor), customer_uid), form, 422)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Devis créé : ajoutez ses offres."))


def its_draft(uid: str) -> Quote:
    """A quote in scope, held until the end of the transaction."""
    query = Quote.visible_to(g.actor).with_for_update(of=Quote).execution_options(populate_existing=True)
    found: Quote = get_or_404(query, uid)
    return found


@bp.get("/quotes/<uid>")
@requires(Permission.QUOTE_READ)
def show_quote(uid: str) -> Response:
    return quote_page(get_or_404(shown_to(g.actor), uid))


def quote_page(quote: Quote, status: int = 200, **forms: FlaskForm) -> Response:
    """forms: those that come back with what is wrong in them (``line``, ``head``, ``because``)."""
    writes = may(Permission.QUOTE_WRITE) and quote.state == QuoteState.DRAFT
    offers = offers_for(quote.customer, health_data=quote.customer.health_data) if writes else []
    page = render_template(
        "quotes/show.html",
        quote=quote,
        writes=writes,
        offers=offers,
        line=forms.get("line") or line_form(offers, formdata=None),
        head=forms.get("head") or HeadForm(formdata=None, obj=quote),
        because=forms.get("because") or BecauseForm(formdata=None),
        sends=forms.get("sends") or SendForm(formdata=None),
        beyond=_beyond(quote),
        told={line.id: compare(line) for line in quote.lines},
        before=_version_of(quote.replaces_uid),
        events=timeline(quote),
        mails=mails_about(quote),
        money=money_of(quote),
    )
    return make_response(page, status)


def _beyond(quote: Quote) -> dict[str, Any]:
    """What it promises beyond the purchase, for who sends it."""
    if quote.state != QuoteState.DRAFT or not may(Permission.QUOTE_WRITE):
        return {}
    found = wider_in(quote)
    return {"found": found, "topics": TOPICS, "refused": is_refused(quote.customer)} if found else {}


def _version_of(uid: str | None) -> Quote | None:
    found: Quote | None = db.session.scalars(shown_to(g.actor).where(Quote.uid == (uid or ""))).first()
    return found


@bp.post("/quotes/<uid>")
@requires(Permission.QUOTE_WRITE)
def change(uid: str) -> Response:
    quote, form = its_draft(uid), HeadForm()
    if form.validate():
        with saving(form, WHOLE):
            change_quote(quote, form.head(), by=g.actor)
    if form.errors:
        return quote_page(its_draft(uid), 422, head=form)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Devis enregistré."))


@bp.post("/quotes/<uid>/lines")
@requires(Permission.QUOTE_WRITE)
def create_line(uid: str) -> Response:
    quote = its_draft(uid)
    form = line_form(offers_for(quote.customer, health_data=_for_health()))
    if form.validate():
        with saving(form, WHOLE):
            _add(quote, form)
    if form.errors:
        return quote_page(its_draft(uid), 422, line=form)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Offre ajoutée."))


def _for_health() -> bool:
    return LineForm().for_health_data


def _add(quote: Quote, form: LineForm) -> None:
    add_line(
        quote,
        get_or_404(Product.visible_to(g.actor), form.product.data),
        form.quantity.data,
        Method(form.method.data),
        by=g.actor,
        volume_gb=form.volume_gb.data,
        health_data=form.for_health_data,
    )


@bp.post("/quotes/<uid>/agreement")
@requires(Permission.AMENDMENT_WRITE)
def agree_to(uid: str) -> Response:
    """The provider agrees to be bound by the special conditions."""
    agree_to_conditions(its_draft(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Les conditions particulières sont approuvées."))


@bp.post("/quotes/<uid>/sending")
@requires(Permission.QUOTE_WRITE)
def send_quote(uid: str) -> Response:
    quote, form = its_draft(uid), SendForm()
    with saving(form, WHOLE):
        send(quote, by=g.actor, acknowledged=form.acknowledged.data)
    if form.errors:
        return quote_page(its_draft(uid), 422, sends=form)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Le devis part par e-mail."))


@bp.post("/quotes/<uid>/link")
@requires(Permission.QUOTE_WRITE)
def send_link_again(uid: str) -> Response:
    resend(its_draft(uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Un nouveau lien part par e-mail."))


@bp.post("/quotes/<uid>/withdrawal")
@requires(Permission.QUOTE_WRITE)
def withdraw_quote(uid: str) -> Response:
    quote, form = its_draft(uid), BecauseForm()
    if form.validate():
        with saving(form, WHOLE):
            withdraw(quote, form.reason.data, by=g.actor)
    if form.errors:
        return quote_page(its_draft(uid), 422, because=form)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Le devis est retiré."))


@bp.post("/quotes/<uid>/version")
@requires(Permission.QUOTE_WRITE)
def copy_quote(uid: str) -> Response:
    quote = its_draft(uid)
    copy = new_version(quote, by=g.actor, days=quote.legal_entity.quote_days)
    db.session.commit()
    return htmx.go(url_for(".show_quote", uid=copy.uid), toast=_("Nouvelle version, aux prix du jour."))


@bp.post("/quotes/<uid>/execution")
@requires(Permission.QUOTE_WRITE)
def go_on_with(uid: str) -> Response:
    quote, form = its_draft(uid), BecauseForm()
    if form.validate():
        with saving(form, WHOLE):
            go_on(quote, form.reason.data, by=g.actor)
    if form.errors:
        return quote_page(its_draft(uid), 422, because=form)
    return htmx.go(url_for(".show_quote", uid=uid), toast=_("Les commandes sont passées dans un instant."))


@customer_panel(rank=8)
def quotes_panel(customer: Customer) -> Panel | None:
    if not may(Permission.QUOTE_READ):
        return None
    query = shown_to(g.actor).where(Quote.customer_id == customer.id).order_by(Quote.id.desc())
    return Panel("quotes/_customer_panel.html", {"customer": customer, "quotes": first_of(query, _NEWEST)})
