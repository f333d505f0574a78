"""Accepting a contract on a phone: a link from an e-mail, the texts, a code, no account and no script."""

from typing import Any

from flask import Blueprint, Response, abort

from portal.access import public
from portal.blobs import send_document
from portal.customers.terms_requests import RequestState, TermsRequest, shown_texts
from portal.errors import Refused
from portal.linked.agreement import AgreementForm
from portal.linked.pages import mail_code
from portal.linked.two_steps import Agreement
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink, mask_email
from portal.terms.texts import text_answer, texts_of
from portal.wording import N_

bp = Blueprint("accepting", __name__, url_prefix="/accept/<token>")
_WHY = "the customer's signatory accepts a contract with a link from an e-mail, without an account"


class _Accepting(Agreement[TermsRequest]):
    purpose, model, folder = Purpose.ACCEPT_TERMS, TermsRequest, "accepting"

    def waits(self, row: TermsRequest) -> bool:
        return row.state == RequestState.SENT

    def has_declared(self, row: TermsRequest) -> bool:
        return bool(row.signer_name)

    def words(self, row: TermsRequest) -> dict[str, Any]:
        stack = row.stack
        entity = row.customer.organisation.parent
        return {"row": row, "entity": entity, "stack": stack, "texts": texts_of(stack.documents)}

    def blank(self, row: TermsRequest) -> AgreementForm:
        return AgreementForm(data={"signer_name": row.signer_name, "signer_role": row.signer_role})

    def fit(self, form: AgreementForm, row: TermsRequest) -> None:
        form.shown.data = shown_texts(row.stack)

    def declare(self, link: SignedLink, row: TermsRequest, form: AgreementForm) -> None:
        row.agree(form.signer_name.data, form.signer_role.data, form.shown.data, visitor())

    def send_code(self, link: SignedLink, row: TermsRequest) -> None:
        if row.shown != shown_texts(row.stack):
            raise Refused(N_("Ces conditions ont changé depuis l'affichage de la page : relisez-les."))
        customer = row.customer
        owner, language = customer.organisation, customer.language
        words = {"customer": customer, "stack": row.stack}
        mail_code(
            link, "customers/mail_terms_code.txt", about=row, owner=owner, language=language, words=words
        )
        row.note(N_("code envoyé"), visitor(), to=mask_email(link.recipient), number=link.codes_sent)

    def tried(self, row: TermsRequest, outcome: str) -> None:
        row.note(N_("code essayé"), visitor(), result=outcome)

    def conclude(self, link: SignedLink, row: TermsRequest) -> None:
        row.accept(link, visitor())

    def refuse_it(self, row: TermsRequest, reason: str, signer: Signer) -> None:
        row.refuse(reason, by=signer, visitor=visitor())


_steps = _Accepting()
_steps.add_to(bp, _WHY)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    _link, row = _steps.open(token)
    return text_answer(row.stack.documents, version)


@bp.get("/proof.pdf")
@public(_WHY)
def download_proof(token: str) -> Response:
    _link, row = _steps.open(token)
    return send_document(row.proof or abort(404))
