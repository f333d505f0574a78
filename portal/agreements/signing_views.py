"""The signatory reads the agreement and signs it with a link and a code, or refuses it with a reason."""

from typing import Any

from flask import Blueprint, Response, abort, make_response

from portal.access import public
from portal.agreements.acts import agree, refuse, sign
from portal.agreements.models import AgreementState, ProcessingAgreement
from portal.agreements.views import printed
from portal.blobs import send_document
from portal.linked.agreement import AgreementForm
from portal.linked.pages import mail_code
from portal.linked.two_steps import Agreement
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink, mask_email
from portal.wording import N_

bp = Blueprint("agreement_signing", __name__, url_prefix="/agreement/<token>")
_WHY = (
    "the customer's signatory signs the agreement about data with a link from an e-mail, without an account"
)


class _Signing(Agreement[ProcessingAgreement]):
    purpose, model, folder = Purpose.SIGN_AGREEMENT, ProcessingAgreement, "agreements/signing"

    def waits(self, row: ProcessingAgreement) -> bool:
        return row.state == AgreementState.SENT

    def has_declared(self, row: ProcessingAgreement) -> bool:
        return bool(row.signer_name)

    def words(self, row: ProcessingAgreement) -> dict[str, Any]:
        return {"row": row, "entity": row.customer.organisation.parent}

    def blank(self, row: ProcessingAgreement) -> AgreementForm:
        return AgreementForm(data={"signer_name": row.signer_name, "signer_role": row.signer_role})

    def fit(self, form: AgreementForm, row: ProcessingAgreement) -> None:
        form.shown.data = row.mark

    def declare(self, link: SignedLink, row: ProcessingAgreement, form: AgreementForm) -> None:
        agree(row, form.signer_name.data, form.signer_role.data, form.shown.data, visitor())

    def send_code(self, link: SignedLink, row: ProcessingAgreement) -> None:
        owner, mail = row.customer.organisation, "agreements/mail_code.txt"
        mail_code(link, mail, about=row, owner=owner, language=row.language, words={"row": row})
        row.note(N_("code envoyé"), visitor(), to=mask_email(link.recipient), number=link.codes_sent)

    def tried(self, row: ProcessingAgreement, outcome: str) -> None:
        row.note(N_("code essayé"), visitor(), result=outcome)

    def conclude(self, link: SignedLink, row: ProcessingAgreement) -> None:
        sign(row, link, visitor())

    def refuse_it(self, row: ProcessingAgreement, reason: str, signer: Signer) -> None:
        refuse(row, reason, by=signer, visitor=visitor())


_steps = _Signing()
_steps.add_to(bp, _WHY)


@bp.get("/file.pdf")
@public(_WHY)
def read_file(token: str) -> Response:
    _link, row = _steps.open(token)
    answer = make_response(printed(row), 200, {"Content-Type": "application/pdf"})
    answer.headers["Content-Disposition"] = f'inline; filename="accord-donnees-{row.number}.pdf"'
    return answer


@bp.get("/proof.pdf")
@public(_WHY)
def download_proof(token: str) -> Response:
    _link, row = _steps.open(token)
    return send_document(row.proof or abort(404))
