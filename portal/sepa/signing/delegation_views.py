"""Whoever got the link and may not sign names the person who may; the code then goes to her."""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from sqlalchemy import select

from portal.access import public
from portal.db import db
from portal.forms import saving
from portal.links import BadLink, LinkProblem, Purpose, SignedLink, open_link
from portal.sepa.models import Mandate, MandateState
from portal.sepa.models.asking import Delegate, mask_email
from portal.sepa.signing.corrections import keep_correction, take_correction
from portal.sepa.signing.documents import Signer
from portal.sepa.signing.forms import DelegationForm
from portal.sepa.signing.visitor import visitor

bp = Blueprint("delegation", __name__, url_prefix="/sign/<token>/delegation")
_STEP = "delegation"
_WHY = "the addressee of a link hands it to the person who may sign, without an account"


def _open(token: str) -> tuple[SignedLink, Mandate]:
    link = open_link(Purpose.SIGN_MANDATE, token)
    query = select(Mandate).where(Mandate.uid == link.subject_uid).with_for_update(of=Mandate)
    mandate = db.session.scalars(query.execution_options(populate_existing=True)).one()
    db.session.refresh(link)
    if link.revoked_at is not None:
        raise BadLink(LinkProblem.REVOKED)
    return link, mandate


def _page(
    mandate: Mandate, token: str, form: DelegationForm | None, status: int = 200, sent_to: str = ""
) -> Response:
    template = "closed" if mandate.state != MandateState.SENT else "delegation"
    page = render_template(
        f"signing/{template}.html",
        mandate=mandate,
        entity=mandate.legal_entity,
        token=token,
        form=form,
        sent_to=sent_to,
    )
    response = make_response(page, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
@public(_WHY)
def show_delegation(token: str) -> Response:
    _link, mandate = _open(token)
    return _page(mandate, token, take_correction(DelegationForm, _STEP, token) or DelegationForm())


@bp.post("")
@public(_WHY)
def delegate(token: str) -> Response:
    link, mandate = _open(token)
    if mandate.state != MandateState.SENT:
        return _page(mandate, token, None, 409)
    form = DelegationForm()
    if form.validate():
        with saving(form, "email"):
            person = Delegate(form.name.data, form.role.data, form.email.data.lower())
            mandate.delegate(person, sender=link.recipient, by=Signer(link.recipient), visitor=visitor())
    if form.errors:
        if keep_correction(form, _STEP, token):
            return make_response(redirect(url_for(".show_delegation", token=token), 303))
        return _page(mandate, token, form, 422)
    return _page(mandate, token, None, sent_to=mask_email(person.email))
