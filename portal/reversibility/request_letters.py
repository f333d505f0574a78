"""The registered letter by which a customer asks for the data, or for their destruction."""

from datetime import date

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.actor import Actor
from portal.db import Tenant, db
from portal.errors import Refused
from portal.forms import WHOLE, saving
from portal.journal import record
from portal.posted import CameByPost, check_days
from portal.reversibility.models import ReversibilityCase
from portal.reversibility.views import show
from portal.scans import LARGEST_SCAN
from portal.subscriptions.letter_form import ReceivedLetterForm
from portal.terms.values import Value

bp = Blueprint("request_letters", __name__, url_prefix="/reversibility/<uid>/letter")


class RequestLetter(Tenant, CameByPost, db.Model):
    """One letter for one case."""

    __tablename__ = "request_letter"

    case_id: Mapped[int] = mapped_column(ForeignKey("reversibility_case.id"), unique=True)

    case: Mapped[ReversibilityCase] = relationship()


@bp.app_template_filter("request_letter")
def letter_of_case(case: ReversibilityCase) -> RequestLetter | None:
    query = select(RequestLetter).where(RequestLetter.case_id == case.id)
    return db.session.scalars(query).one_or_none()


@bp.app_template_filter("asked_by_letter")
def asked_by_letter(case: ReversibilityCase) -> Value | None:
    """The clause that wants the request by registered letter; None where the contract does not.

    Source: 004-30.
    """
    found = case.contract.find("reversibility.channel")
    return found if found is not None and found.value == "registered_letter" else None


def record_request_letter(
    case: ReversibilityCase,
    *,
    posted_on: date,
    first_presented_on: date | None,
    received_on: date,
    tracking: str,
    scan: bytes = b"",
    by: Actor,
) -> RequestLetter:
    """Note the letter. The contract's delay counts from its receipt, or from an earlier request on line.

    Raises Refused for a second letter, and for days in the wrong order or to come.

    Source: 004-30.
    """
    if letter_of_case(case) is not None:
        raise Refused(_("La lettre de cette demande est déjà enregistrée."))
    check_days(posted_on, first_presented_on, received_on)
    letter = RequestLetter(
        organisation=case.customer.organisation,
        case_id=case.id,
        posted_on=posted_on,
        first_presented_on=first_presented_on,
        received_on=received_on,
        tracking=tracking,
    )
    if scan:
        letter.keep_scan(scan, case, owner=case.customer.organisation, name="reversibilite")
    db.session.add(letter)
    db.session.flush()
    before = case.requested_on
    case.requested_on = min(before, received_on)
    record(case, "letter_came", by=by, reason=tracking, counts_on=case.requested_on.isoformat())
    return letter


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: it carries a file."""
    request.max_content_length = LARGEST_SCAN + 65_536


@bp.post("")
@requires(Permission.LETTER_RECORD)
def note_letter(uid: str) -> Response:
    case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    form = ReceivedLetterForm()
    if form.validate():
        with saving(form, WHOLE):
            record_request_letter(
                case,
                posted_on=form.posted_on.data,
                first_presented_on=form.first_presented_on.data,
                received_on=form.received_on.data,
                tracking=form.tracking.data,
                scan=form.scanned,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        case = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
        return show(case, 422, letter_form=form)
    url = url_for("reversibility.show_case", uid=uid)
    return htmx.go(url, toast=_("La lettre est enregistrée."))
