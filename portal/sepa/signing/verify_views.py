"""Is this PDF one of ours, and whole? Anybody may ask; the answer never says whose it is."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import NameOID
from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge

from portal.access import public
from portal.accounts.throttle import count_verification
from portal.blobs import Document
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.db import EVERYTHING, db, scope

bp = Blueprint("verify", __name__, url_prefix="/verify")
LARGEST = 10 * 1024 * 1024
_FORM_PARTS = 4096  # what a multipart body holds besides the file
KINDS = {"mandate", "mandate_evidence", "mandate_shown", "mandate_account"}
_WHY = "a debtor, a bank or a judge checks a document without an account"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of one file."""

    sha256: str
    issued: bool  # exactly these bytes were made here
    sealed: bool  # whole, by our certificate, nothing added
    sealed_by: str
    sealed_at: datetime | None  # as the seal claims


class VerifyForm(FlaskForm):
    file = FileField(_l("Document PDF"), render_kw={"accept": "application/pdf,.pdf"})


def judge(pdf: bytes) -> Verdict:
    digest = sha256(pdf).hexdigest()
    tried = ((check_seal(pdf, one), one) for one in keyring().seal_certificates)
    status, certificate = max(tried, key=lambda pair: pair[0].is_sound)
    with scope(EVERYTHING):
        known = select(Document.id).where(Document.sha256 == digest, Document.kind.in_(KINDS)).limit(1)
        issued = db.session.scalar(known) is not None
    names = x509.load_pem_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    sound = status.is_sound
    return Verdict(
        digest, issued, sound, str(names[0].value) if sound else "", status.signed_at if sound else None
    )


@bp.url_value_preprocessor
def allow_a_document(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: this one may carry a file."""
    if endpoint == "verify.check_document":
        request.max_content_length = LARGEST + _FORM_PARTS


@bp.get("")
@public(_WHY)
def show_form() -> Response:
    return _page(VerifyForm(formdata=None))


def _page(form: VerifyForm, status: int = 200, verdict: Verdict | None = None, name: str = "") -> Response:
    page = render_template("sepa/verify.html", form=form, verdict=verdict, name=name)
    return make_response(page, status)


@bp.post("")
@public(_WHY)
def check_document() -> Response:
    form = VerifyForm()
    form.validate()
    with scope(EVERYTHING):
        wait = count_verification(request.remote_addr or "")
        db.session.commit()
    if wait:
        form.form_errors.append(
            _("Trop de vérifications. Réessayez dans %(seconds)d secondes.", seconds=wait)
        )
        return _page(form, 429)
    pdf = form.file.data.read() if form.file.data else b""
    if not pdf.startswith(b"%PDF-") or len(pdf) > LARGEST:
        form.file.errors = [_("Choisissez un fichier PDF de 10 Mo au plus.")]
        return _page(form, 422)
    return _page(form, verdict=judge(pdf), name=form.file.data.filename or "")


@bp.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Response:
    form = VerifyForm(formdata=None)
    form.file.errors = [_("Choisissez un fichier PDF de 10 Mo au plus.")]
    return _page(form, 413)
