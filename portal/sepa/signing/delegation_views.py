"""Whoever got the link and may not sign names the person who may; the code then goes to her.

A forwarded link alone hands nothing on: the code that went to the link's own address confirms it first.
"""

import json
from typing import Any

from flask import Blueprint, Response

from portal.access import public
from portal.db import db
from portal.forms import saving
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.pages import mail_code, private_page, to_step
from portal.linked.visitor import Signer, visitor
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email
from portal.sepa.models import Mandate, MandateState, What
from portal.sepa.models.asking import Delegate
from portal.sepa.signing.forms import DelegationForm

bp = Blueprint("delegation", __name__, url_prefix="/sign/<token>/delegation")
_STEP, _CODE_STEP = "delegation", "delegation.code"
_WHY = "the addressee of a link hands it to the person who may sign, without an account"


def _open(token: str) -> tuple[SignedLink, Mandate]:
    return hold(Purpose.SIGN_MANDATE, token, Mandate)


def _page(
    mandate: Mandate,
    token: str,
    form: DelegationForm | CodeForm | None,
    status: int = 200,
    name: str = "delegation",
    **context: Any,
) -> Response:
    shown = name if mandate.state == MandateState.SENT else "closed"
    words = {"mandate": mandate, "entity": mandate.legal_entity, "token": token, "form": form, **context}
    return private_page(f"signing/{shown}.html", status, **words)


@bp.get("")
@public(_WHY)
def show_delegation(token: str) -> Response:
    _link, mandate = _open(token)
    return _page(mandate, token, take_correction(DelegationForm, _STEP, token) or DelegationForm())


@bp.post("")
@public(_WHY)
def ask_delegation(token: str) -> Response:
    """Who shall sign; the code that confirms it leaves to the address that the link was sent to."""
    link, mandate = _open(token)
    if mandate.state != MandateState.SENT:
        return _page(mandate, token, None, 409)
    form = DelegationForm()
    if form.validate():
        with saving(form, "email"):
            person = Delegate(form.name.data, form.role.data, form.email.data.lower())
            mandate.check_delegation(person, sender=link.recipient)
            _send_code(link, mandate, person)
    if form.errors:
        if keep_correction(form, _STEP, token):
            return to_step(".show_delegation", token)
        return _page(mandate, token, form, 422)
    return to_step(".show_code", token)


def _send_code(link: SignedLink, mandate: Mandate, person: Delegate) -> None:
    link.wish = json.dumps([person.name, person.role, person.email])
    owner, language = mandate.customer.organisation, mandate.language
    words = {"mandate": mandate, "entity": mandate.legal_entity, "delegate": person}
    mail_code(
        link, "sepa/mail_delegation_code.txt", about=mandate, owner=owner, language=language, words=words
    )
    mandate.note(What.CODE_SENT, visitor(), to=mask_email(link.recipient), number=link.codes_sent)


def _wished(link: SignedLink) -> Delegate | None:
    return Delegate(*json.loads(link.wish)) if link.wish and link.code_expires_at else None


def _code_page(
    link: SignedLink, mandate: Mandate, token: str, form: CodeForm, person: Delegate, status: int = 200
) -> Response:
    address, to = mask_email(link.recipient), mask_email(person.email)
    named = {"person": person.name, "address": address, "to": to, "minutes": CODE_MINUTES}
    return _page(mandate, token, form, status, "delegation_code", **named)


@bp.get("/code")
@public(_WHY)
def show_code(token: str) -> Response:
    link, mandate = _open(token)
    person = _wished(link)
    if person is None:
        return to_step(".show_delegation", token)
    form = take_correction(CodeForm, _CODE_STEP, token) or CodeForm()
    return _code_page(link, mandate, token, form, person)


@bp.post("/code")
@public(_WHY)
def delegate(token: str) -> Response:
    link, mandate = _open(token)
    if mandate.state != MandateState.SENT:
        return _page(mandate, token, None, 409)
    person = _wished(link)
    if person is None:
        return to_step(".show_delegation", token)
    form = CodeForm()
    if not form.validate() or not _is_right(link, mandate, form):
        db.session.commit()  # the try counts
        page = _code_page(link, mandate, token, form, person, 422)
        return to_step(".show_code", token) if keep_correction(form, _CODE_STEP, token) else page
    mandate.delegate(person, sender=link.recipient, by=Signer(link.recipient), visitor=visitor())
    db.session.commit()
    return _page(mandate, token, None, sent_to=mask_email(person.email))


def _is_right(link: SignedLink, mandate: Mandate, form: CodeForm) -> bool:
    is_right = form.is_right(link)
    mandate.note(What.CODE_TRIED, visitor(), result=form.outcome)
    return is_right
