"""Confirming a sign-up: a link from an e-mail, the texts of the contract, a code, and it begins."""

from typing import Any

from flask import Blueprint, Response
from flask_wtf import FlaskForm

from portal import clock
from portal.access import public
from portal.catalogue.price_lists import price_list, selling
from portal.customers.terms_requests import shown_texts
from portal.linked.agreement import AgreementForm
from portal.linked.pages import mail_code
from portal.linked.two_steps import TwoSteps
from portal.linked.visitor import visitor
from portal.links import Purpose, SignedLink
from portal.signups.confirming import check_texts, confirm
from portal.signups.models import SignUp, SignUpKind, SignUpState
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack
from portal.terms.texts import text_answer, texts_of

bp = Blueprint("sign_up_link", __name__, url_prefix="/sign-up/<token>")
_WHY = "whoever signs up confirms her address with a link and a code, before she has an account"


def _stack(row: SignUp) -> Stack:
    return stack_in_force(row.product.terms_stack, clock.today())


class _Confirming(TwoSteps[SignUp]):
    purpose, model, folder, closed = Purpose.SIGN_UP, SignUp, "signups", "confirmed"

    def waits(self, row: SignUp) -> bool:
        return row.state == SignUpState.PENDING

    def has_declared(self, row: SignUp) -> bool:
        return bool(row.signer_name) or not row.needs_terms

    def words(self, row: SignUp) -> dict[str, Any]:
        stack = _stack(row)
        said = {"row": row, "entity": row.house, "stack": stack, "texts": texts_of(stack.documents)}
        if row.kind != SignUpKind.WEB:
            return said
        price = selling(price_list(row.house.id), row.product, clock.today())
        return said | {"unit_cents": price.unit_cents}

    def form_of(self, row: SignUp) -> type[FlaskForm]:
        """A quote brings its own terms: only the address is confirmed."""
        return AgreementForm if row.needs_terms else FlaskForm

    def blank(self, row: SignUp) -> FlaskForm:
        known = {"signer_name": row.signer_name or row.typed["contact"][0], "signer_role": row.signer_role}
        return self.form_of(row)(formdata=None, data=known)

    def fit(self, form: FlaskForm, row: SignUp) -> None:
        if isinstance(form, AgreementForm):
            form.shown.data = shown_texts(_stack(row))

    def declare(self, link: SignedLink, row: SignUp, form: FlaskForm) -> None:
        if isinstance(form, AgreementForm):
            row.signer_name, row.signer_role = form.signer_name.data, form.signer_role.data
            row.shown = form.shown.data or ""
        check_texts(row)

    def send_code(self, link: SignedLink, row: SignUp) -> None:
        name, language = row.typed["contact"][0], row.typed["language"]
        mail = "signups/mail_code.txt"
        mail_code(link, mail, about=row, owner=row.house, language=language, name=name, words={"row": row})

    def conclude(self, link: SignedLink, row: SignUp) -> None:
        confirm(row, link, visitor())


_steps = _Confirming()
_steps.add_to(bp, _WHY)


@bp.get("/text/<version>")
@public(_WHY)
def read_text(token: str, version: str) -> Response:
    """What she is about to accept."""
    _link, row = _steps.open(token)
    return text_answer(_stack(row).documents, version)
