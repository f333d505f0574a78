"""New terms: what a customer was told, the refusal, and the operator's proof of telling."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.contracts.forms import RefusalForm
from portal.contracts.lists import NOTICES
from portal.contracts.models import NoticeState, TermsNotice, concerned
from portal.contracts.proof import UNSENT, iso, mail_state, with_mails
from portal.csv_file import csv_answer, rows_of
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.forms import saving
from portal.jobs import Task
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import Mail, MailState, mails_about
from portal.paging import Page, page_of
from portal.panels import Link, Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.terms.models import TermsState, TermsVersion
from portal.terms.panels import version_panel
from portal.words.states import look_of

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


def _told(version: TermsVersion, *, unsent: bool) -> Any:
    query = with_mails(
        TermsNotice.visible_to(g.actor).where(TermsNotice.terms_version_id == version.id),
        TermsNotice.mail_uid,
    )
    return (query.where(UNSENT) if unsent else query).order_by(TermsNotice.id)


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


@bp.get("/terms/<version>/notices")
@requires(Permission.TOLD_READ)
def list_told(version: str) -> Response:
    row, unsent = _version(version), request.args.get("unsent") == "1"
    found = page_of(_told(row, unsent=unsent), TermsNotice.id)
    rows = [(notice, mail, mail_state(mail, task)) for notice, mail, task in found]
    page = render_template(
        "contracts/told.html", version=row, rows=Page(rows, found.link), unsent=unsent, counts=_counts(row)
    )
    return make_response(page)


@bp.get("/terms/<version>/notices.csv")
@requires(Permission.TOLD_READ)
def download_told(version: str) -> Response:
    row, unsent = _version(version), request.args.get("unsent") == "1"
    heading = [
        _("Client"),
        _("Adresse e-mail"),
        _("Version"),
        _("Empreinte du texte (SHA-256)"),
        _("E-mail"),
        _("Envoyé le"),
        _("Réponse du serveur"),
        _("Prend effet le"),
        _("Réponse"),
        _("Refusé par"),
        _("Refusé le"),
        _("Depuis l'adresse"),
    ]
    query = _told(row, unsent=unsent).options(joinedload(TermsNotice.customer))
    rows = (_line(*found) for found in rows_of(query))
    return csv_answer(f"{row.version}-notices.csv", heading, rows)


def _line(notice: TermsNotice, mail: Mail | None, task: Any) -> list[Any]:
    told, answer = look_of(f"mail_{mail_state(mail, task)}"), look_of(notice.state.value)
    return [
        notice.customer.name,
        notice.recipient,
        notice.new_version,
        notice.sha256,
        told.word,
        iso(mail and mail.sent_at),
        mail.server_answer if mail else "",
        iso(notice.effective_on),
        answer.word,
        notice.refused_by,
        iso(notice.refused_at),
        notice.refused_from,
    ]
