"""Transfers, for who stands above both resellers: asked for, asked again, given up."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import Organisation
from portal.billing.queries import unpaid_invoices
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import saving
from portal.paging import page_of
from portal.panels import Panel
from portal.transfers.forms import TransferForm
from portal.transfers.models import Party, Transfer, ask_transfer, open_transfer, takers_for

bp = Blueprint("transfers", __name__)


@bp.get("/customers/<uid>/transfer")
@requires(Permission.CUSTOMER_TRANSFER)
def new_transfer(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    return _page(customer, _form(customer))


def _form(customer: Customer) -> TransferForm:
    form = TransferForm()
    form.taker.choices = [SelectChoice(each.uid, each.name) for each in takers_for(customer)]
    return form


def _page(customer: Customer, form: TransferForm, status: int = 200) -> Response:
    page = render_template(
        "transfers/new.html",
        customer=customer,
        form=form,
        waiting=open_transfer(customer),
        unpaid=unpaid_invoices(customer),
        parties=list(Party),
    )
    return make_response(page, status)


@bp.post("/customers/<uid>/transfer")
@requires(Permission.CUSTOMER_TRANSFER)
def create_transfer(uid: str) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor).with_for_update(of=Customer), uid)
    if asking := confirm_first(url_for(".new_transfer", uid=uid)):
        return asking
    form = _form(customer)
    if form.validate():
        with saving(form, "taker"):
            taker = get_or_404(Organisation.visible_to(g.actor), form.taker.data)
            ask_transfer(customer, taker, by=g.actor)
    if form.errors:
        return _page(get_or_404(Customer.visible_to(g.actor), uid), form, 422)
    return _back(customer, _("Les trois liens partent : le transfert se fait au troisième accord."))


@bp.post("/transfers/<uid>/link")
@requires(Permission.CUSTOMER_TRANSFER)
def send_again(uid: str) -> Response:
    transfer = get_or_404(Transfer.visible_to(g.actor).with_for_update(of=Transfer), uid)
    transfer.send_links(by=g.actor)
    db.session.commit()
    return _back(transfer.customer, _("De nouveaux liens partent à qui n'a pas répondu."))


@bp.post("/transfers/<uid>/cancellation")
@requires(Permission.CUSTOMER_TRANSFER)
def cancel_transfer(uid: str) -> Response:
    transfer = get_or_404(Transfer.visible_to(g.actor).with_for_update(of=Transfer), uid)
    transfer.cancel(by=g.actor)
    db.session.commit()
    return _back(transfer.customer, _("Le transfert est abandonné : rien n'a bougé."))


def _back(customer: Customer, toast: str) -> Response:
    return htmx.go(url_for("customers.show_customer", uid=customer.uid), toast=toast)


@customer_panel(rank=80)
def panel(customer: Customer) -> Panel | None:
    """The transfers of a customer, for who may see them."""
    query = Transfer.visible_to(g.actor).where(Transfer.customer_id == customer.id)
    rows = page_of(query, Transfer.id.desc(), size=3, name="transfers")
    return Panel("transfers/_panel.html", {"transfers": rows, "parties": list(Party)}) if rows else None
