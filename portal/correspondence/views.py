"""All mails, one of them, and the same words once more. No page shows a body: it holds keys and links."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.blobs import Document
from portal.correspondence.copies import copy_of, notice_clock, notice_time
from portal.correspondence.lists import MAILS
from portal.correspondence.queries import addresses, customer_of, ways
from portal.db import db
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import KINDS, Mail, send_again, why_not_again

bp = Blueprint("correspondence", __name__, url_prefix="/mails")


@bp.get("")
@requires(Permission.MAIL_READ)
def list_mails() -> Response:
    return list_page(MAILS, "listing/page.html")


@bp.get("/<uid>")
@requires(Permission.MAIL_READ)
def show_mail(uid: str) -> Response:
    """When, to whom, what became of it, and the way to send it again."""
    mail = get_or_404(Mail.visible_to(g.actor), uid)
    customer = customer_of(mail)
    root = get_or_404(Mail.visible_to(g.actor), mail.copy_of) if mail.copy_of else mail
    open_ = ways(mail, customer)
    why_not = why_not_again(mail, open_[0].address if open_ else "")
    page = render_template(
        "correspondence/show.html",
        mail=mail,
        kind=KINDS.get(mail.kind),
        customer=customer,
        files=list(db.session.scalars(select(Document).where(Document.uid.in_(mail.attachments)))),
        ways=[] if why_not else open_,
        why_not=why_not,
        notified_at=notice_time(mail),
        clock_clause=next(iter(notice_clock.shown(customer)), None) if customer else None,
        root=root,
        events=timeline(root),
    )
    return make_response(page)


@bp.get("/<uid>/copy")
@requires(Permission.MAIL_READ)
def download_copy(uid: str) -> Response:
    """A notice as it left, to be kept."""
    mail = get_or_404(Mail.visible_to(g.actor), uid)
    answer = make_response(copy_of(mail))
    answer.headers["Content-Type"] = "message/rfc822"
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{mail.created_at:%Y-%m-%d}-{mail.uid}.eml"'
    )
    return answer


@bp.post("/<uid>/sending")
@requires(Permission.MAIL_SEND)
def send_mail_again(uid: str) -> Response:
    """The same words, to the address that they had or to the present one of the same contact."""
    mail = get_or_404(Mail.visible_to(g.actor), uid)
    customer = customer_of(mail)
    to = request.form.get("to", "") or mail.recipient
    if to not in [way.address for way in addresses(mail, customer)]:
        abort(404)
    leaving = send_again(mail, by=g.actor, to=to)
    db.session.commit()
    address = url_for(".show_mail", uid=leaving.uid)
    return htmx.go(address, toast=_("Le message repart vers %(to)s.", to=to))
