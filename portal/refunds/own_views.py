"""What is paid back to a customer, in her own space and on an invoice's page; and where it is to go."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, requires
from portal.accounts.confirming import confirm_first
from portal.billing.credit_models import Refund
from portal.billing.models import Invoice
from portal.billing.panels import invoice_panel
from portal.customers.models import Customer
from portal.customers.queries import own_customer
from portal.db import db
from portal.errors import Refused
from portal.forms import saving
from portal.paging import page_of
from portal.panels import Panel
from portal.refunds.accounts import Way, account_of, proposed_for
from portal.refunds.asking import give_account
from portal.refunds.forms import OwnAccountForm
from portal.refunds.owed import is_known, owed_to, told, why_closed
from portal.resellers.models import issuer_for
from portal.sepa.formats.iban import bank_name

bp = Blueprint("own_refunds", __name__, url_prefix="/my-refunds")


@bp.get("")
@requires(Permission.OWN_REFUND_READ)
def show() -> Response:
    return _page()


def _form(customer: Customer | None, *, blank: bool) -> OwnAccountForm:
    payers = (proposed_for(refund) for refund in (owed_to(customer) if customer else []))
    payer = next(filter(None, payers), None)
    if blank:
        return OwnAccountForm(formdata=None, payer=payer, holder=customer.name if customer else "")
    return OwnAccountForm(payer=payer)


def _page(status: int = 200, form: OwnAccountForm | None = None) -> Response:
    customer = own_customer()
    rows = page_of(Refund.visible_to(g.actor).where(Refund.paper == ""), Refund.id.desc())
    account = account_of(customer) if customer else None
    page = render_template(
        "refunds/own.html",
        rows=rows,
        told=told(rows),
        may_give=bool(customer and owed_to(customer)),
        account=account,
        is_known=is_known(account),
        bank=bank_name(account.iban) if account else None,
        entity=issuer_for(customer) if customer else None,
        form=form or _form(customer, blank=True),
    )
    return make_response(page, status)


@bp.post("/account")
@requires(Permission.OWN_REFUND_WRITE)
def give() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    customer = own_customer()
    if customer is None or not owed_to(customer):
        raise Refused(why_closed(customer))
    form = _form(customer, blank=False)
    if form.validate():
        address = request.remote_addr or ""
        with saving(form, "iban"):
            give_account(
                customer, form.iban.data, form.holder.data, by=g.actor, way=Way.SPACE, address=address
            )
    if form.errors:
        return _page(422, form)
    return htmx.go(url_for(".show"), toast=_("Votre compte est noté."))


@invoice_panel(rank=3)
def refunds_of(invoice: Invoice) -> Panel | None:
    """What of it comes back, on its page."""
    rows = list(db.session.scalars(select(Refund).where(Refund.invoice_id == invoice.id).order_by(Refund.id)))
    return Panel("refunds/_owed.html", {"owed": told(rows)}) if rows else None
