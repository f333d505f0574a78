"""Accepting a quote on a phone: a link from an e-mail, the paper, a code, no account and no script."""

from typing import Any

from flask import Blueprint, Response, abort

from portal.access import public
from portal.blobs import send_document
from portal.errors import Refused
from portal.linked.agreement import AgreementForm
from portal.linked.pages import mail_code
from portal.linked.two_steps import Agreement
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink, mask_email
from portal.papers import have_document
from portal.quotes import sending
from portal.quotes.models import Quote, QuoteState
from portal.terms.stack import Document
from portal.terms.texts import text_answer, texts_of
from portal.wording import N_

bp = Blueprint("quoting", __name__, url_prefix="/quote/<token>")
_WHY = "the customer's signatory accepts a quote with a link from an e-mail, without an account"


def _documents(row: Quote) -> list[Document]:
    return [document for stack in row.stacks() for document in stack.documents]


class _Quoting(Agreement[Quote]):
    purpose, model, folder = Purpose.ACCEPT_QUOTE, Quote, "quoting"

    def waits(self, row: Quote) -> bool:
        return row.state == QuoteState.SENT and not row.is_late

    def has_declared(self, row: Quote) -> bool:
        return bool(row.signer_name)

    def words(self, row: Quote) -> dict[str, Any]:
        documents = _documents(row)
        entity = row.customer.organisation.parent
        return {"row": row, "entity": entity, "documents": documents, "texts": texts_of(documents)}

    def blank(self, row: Quote) -> AgreementForm:
        return AgreementForm(data={"signer_name": row.signer_name, "signer_role": row.signer_role})

    def fit(self, form: AgreementForm, row: Quote) -> None:
        form.shown.data = sending.shown_of(row)

    def declare(self, link: SignedLink, row: Quote, form: AgreementForm) -> None:
        sending.check_open(row, link)
        sending.agree(row, form.signer_name.data, form.signer_role.data, form.shown.data, visitor())

    def send_code(self, link: SignedLink, row: Quote) -> None:
        if row.shown != sending.shown_of(row):
            raise Refused(N_("Ce devis a changé depuis l'affichage de la page : relisez-le."))
        customer = row.customer
        owner, language = customer.organisation, customer.language
        words = {"customer": customer, "quote": row}
        mail_code(link, "quotes/mail_code.txt", about=row, owner=owner, language=language, words=words)
        row.note(N_("code envoyé"), visitor(), to=mask_email(link.recipient), number=link.codes_sent)

    def tried(self, row: Quote, outcome: str) -> None:
        row.note(N_("code essayé"), visitor(), result=outcome)

    def conclude(self, link: SignedLink, row: Quote) -> None:
        sending.accept(row, link, visitor())

    def refuse_it(self, row: Quote, reason: str, signer: Signer) -> None:
        sending.refuse(row, reason, by=signer, visitor=visitor())


_steps = _Quoting()
_steps.add_to(bp, _WHY)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    _link, row = _steps.open(token)
    return text_answer(_documents(row), version)


@bp.get("/proof.pdf")
@public(_WHY)
def download_proof(token: str) -> Response:
    _link, row = _steps.open(token)
    return send_document(row.proof or abort(404))


@bp.get("/paper.pdf")
@public(_WHY)
def download_paper(token: str) -> Response:
    _link, row = _steps.open(token)
    document = row.document or abort(404)
    if not document.is_there:
        have_document(document)
    return send_document(document)
