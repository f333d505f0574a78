"""Handing files over: the customer's page behind a signed link and a one-time code, and the downloads.

What the files are for is said by the higher package that made the link: it registers a panel.
"""

from flask import Blueprint, Response, abort, g, make_response, redirect, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission, get_or_404, public, requires
from portal.actor import Actor, owner_of
from portal.blobs import CUSTOMERS_OWN, Document, send_document
from portal.db import db
from portal.engine.handed_over import downloads, handed_over, has_code, link_with_code
from portal.engine.models import Person
from portal.engine.panels import fetch_panel
from portal.journal import record_taking
from portal.linked.pages import private_page
from portal.links import CodeProblem, Purpose, SignedLink, open_link
from portal.mail import queue_mail

bp = Blueprint("fetch", __name__)


def _page(link: SignedLink, token: str, *, problem: str = "", status: int = 200) -> Response:
    open_ = has_code(link)
    panel = next(iter(fetch_panel.shown(link)), None) if open_ else None
    documents = handed_over(link.subject_uid) if open_ else []
    return private_page(
        "fetch/page.html",
        status,
        link=link,
        token=token,
        passed=open_,
        problem=problem,
        panel=panel,
        documents=documents,
        counts=downloads(documents),
    )


@bp.get("/fetch/<token>")
@public("the customer's link; files follow only after a code sent by e-mail")
def show(token: str) -> Response:
    return _page(open_link(Purpose.FETCH_EXPORT, token), token)


@bp.post("/fetch/<token>/code")
@public("sends the code to the address on file, three times an hour at most")
def send_code(token: str) -> Response:
    link = open_link(Purpose.FETCH_EXPORT, token)
    code = link.new_code()
    if code is None:
        return _page(
            link, token, problem=_("Trois codes ont déjà été envoyés. Réessayez dans une heure."), status=429
        )
    mail = queue_mail(
        link.recipient, "mails/fetch_code.txt", about=link, owner=owner_of(link), urgent=True, code=code
    )
    link.code_leaves_with(mail)
    db.session.commit()
    return make_response(redirect(url_for(".show", token=token), 303))


@bp.post("/fetch/<token>/check")
@public("checks the code; every try counts")
def check_code(token: str) -> Response:
    link = open_link(Purpose.FETCH_EXPORT, token)
    problem = link.try_code(request.form.get("code", "")[:20])
    db.session.commit()
    if problem is not None:
        return _page(link, token, problem=_sentence(problem), status=422)
    session["fetch"] = link.uid
    return make_response(redirect(url_for(".show", token=token), 303))


def _sentence(problem: CodeProblem) -> str:
    return {
        CodeProblem.WRONG: _("Ce n'est pas le bon code. Vérifiez le dernier e-mail reçu."),
        CodeProblem.EXPIRED: _("Ce code n'est plus valable. Demandez-en un autre."),
        CodeProblem.TOO_MANY: _("Trop d'essais. Demandez un autre code."),
    }[problem]


@bp.get("/fetch/<token>/<uid>")
@public("the customer's link, after the code")
def download(token: str, uid: str) -> Response:
    link = link_with_code(token)
    query = select(Document).where(Document.uid == uid, Document.subject_uid == link.subject_uid)
    document = db.session.scalars(query.where(Document.kind.in_(CUSTOMERS_OWN))).one_or_none()
    return _send(document or abort(404), Person(link.recipient))


@bp.get("/handed-over/<uid>")
@requires(Permission.VAULT_UNLOCK)
def download_own(uid: str) -> Response:
    """The same file for the customer who is signed in; nobody else has this permission."""
    query = Document.visible_to(g.actor).where(Document.kind.in_(CUSTOMERS_OWN))
    return _send(get_or_404(query, uid), g.actor)


def _send(document: Document, by: Actor) -> Response:
    """Send the file and write it down; a request for the rest of a cut download is not another one."""
    if document.erased:
        abort(410)
    start = request.headers.get("Range", "bytes=0-")
    response = send_document(document)
    if request.method == "GET" and start.startswith("bytes=0-"):
        record_taking(document, "download", by=by, address=request.remote_addr or "")
    return response
