"""New terms: what a customer was told, the refusal, and the operator's proof of telling."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.contracts.forms import RefusalForm
from portal.contracts.lists import NOTICES, TOLD
from portal.contracts.models import NoticeState, TermsNotice, concerned
from portal.contracts.proof import mail_state
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import saving
from portal.jobs import Task
from portal.journal import timeline
from portal.listing.asked import Asked
from portal.listing.files import as_csv
from portal.listing.page import list_page
from portal.mail import Mail, MailState, mails_about
from portal.paging import page_of
from portal.panels import Link, Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.terms.models import TermsState, TermsVersion
from portal.terms.panels import version_panel

bp = Blueprint("notices", __name__)


# What the customer, and her reseller, see


@bp.get("/notices")
@requires(Permission.NOTICE_READ)
def list_notices() -> Response:
    return list_page(NOTICES, "listing/page.html")


@bp.get("/notices/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show_notice(uid: str) -> Response:
    return _notice_page(get_or_404(TermsNotice.visible_to(g.actor), uid), RefusalForm(formdata=None))


def _notice_page(notice: TermsNotice, form: RefusalForm, status: int = 200) -> Response:
    task = select(Task.state).where(Task.kind == "mail.send", Task.ref == notice.mail_uid)
    page = render_template(
        "contracts/notice.html",
        notice=notice,
        form=form,
        changes=notice.changes,
        mail=notice.mail,
        told=mail_state(notice.mail, db.session.scalar(task)),
        today=clock.today(),
        subscriptions=concerned(notice.customer, notice.terms_version),
        left=notice.ended(),
        exits=notice.exits() if notice.can_be_refused() else [],
        events=timeline(notice),
        mails=mails_about(notice),
    )
    return make_response(page, status)


@bp.post("/notices/<uid>/refusal")
@requires(Permission.SUBSCRIPTION_TERMINATE)
def refuse_terms(uid: str) -> Response:
    notice, form = get_or_404(TermsNotice.visible_to(g.actor), uid), RefusalForm()
    form.validate()
    with saving(form, "written"):
        notice.refuse(in_writing=form.written.data, by=g.actor, address=request.remote_addr or "")
    if form.errors:
        return _notice_page(get_or_404(TermsNotice.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for(".show_notice", uid=uid), toast=_("Le refus est enregistré."))


@customer_panel(rank=20)
def panel(customer: Customer) -> Panel:
    query = select(TermsNotice).where(TermsNotice.customer_id == customer.id)
    rows = page_of(query, TermsNotice.id.desc(), name="notices")
    return Panel("contracts/_customer_panel.html", {"notices": rows})


@subscription_link()
def offer_notice(subscription: Subscription) -> list[Link]:
    """The new terms that wait for their day, on the page of a subscription that they concern."""
    query = select(TermsNotice).where(TermsNotice.customer_id == subscription.customer_id)
    rows = db.session.scalars(query.where(TermsNotice.effective_on > clock.today()))
    return [
        Link(url_for("notices.show_notice", uid=row.uid), _("Nouvelles conditions"), "megaphone")
        for row in rows
        if row.state != NoticeState.RECALLED and row.old_version in subscription.terms_versions
    ]


# What the operator sees


def _version(version: str) -> TermsVersion:
    query = select(TermsVersion).where(TermsVersion.version == version)
    row: TermsVersion = db.session.scalars(query).one_or_none() or abort(404)
    return row


@version_panel()
def telling(version: TermsVersion) -> Panel | None:
    if version.state == TermsState.DRAFT or not may(Permission.TOLD_READ):
        return None
    return Panel("contracts/_version_panel.html", {"version": version, "counts": _counts(version)})


def _counts(version: TermsVersion) -> dict[str, int]:
    told = TermsNotice.terms_version_id == version.id
    total = db.session.scalar(select(func.count(TermsNotice.id)).where(told)) or 0
    sent = select(func.count(TermsNotice.id)).join(Mail, Mail.uid == TermsNotice.mail_uid).where(told)
    refused = select(func.count(TermsNotice.id)).where(told, TermsNotice.state == NoticeState.REFUSED)
    applied = select(func.count(TermsNotice.id)).where(told, TermsNotice.state == NoticeState.APPLIED)
    gone = db.session.scalar(sent.where(Mail.state == MailState.SENT)) or 0
    return {
        "total": total,
        "sent": gone,
        "unsent": total - gone,
        "refused": db.session.scalar(refused) or 0,
        "applied": db.session.scalar(applied) or 0,
    }


def _wishes(version: TermsVersion) -> MultiDict[str, str]:
    return MultiDict({**request.args, "version": version.version})


@bp.get("/terms/<version>/notices")
@requires(Permission.TOLD_READ)
def list_told(version: str) -> Response:
    row = _version(version)
    return list_page(TOLD, "contracts/told.html", _wishes(row), version=row, counts=_counts(row))


@bp.get("/terms/<version>/notices.csv")
@requires(Permission.TOLD_READ)
def download_told(version: str) -> Response:
    return as_csv(Asked(TOLD, _wishes(_version(version))))
