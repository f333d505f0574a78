"""The register of certificates: entered, renewed and withdrawn by the operator."""

from datetime import timedelta

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.certificates.forms import CertificateForm, WithdrawalForm
from portal.certificates.lists import CERTIFICATES
from portal.certificates.models import HostingCertificate, register_certificate
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.scans import LARGEST_SCAN

bp = Blueprint("certificates", __name__, url_prefix="/certificates")


@bp.url_value_preprocessor
def allow_a_paper(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: these carry a file."""
    if endpoint in {"certificates.create", "certificates.renew"}:
        request.max_content_length = LARGEST_SCAN + 65_536


@bp.get("")
@requires(Permission.CERTIFICATE_READ)
def list_certificates() -> Response:
    return list_page(CERTIFICATES, "certificates/list.html")


def _certificate(uid: str) -> HostingCertificate:
    found: HostingCertificate = get_or_404(HostingCertificate.visible_to(g.actor), uid)
    return found


def _form_page(form: CertificateForm, before: HostingCertificate | None, status: int = 200) -> Response:
    return make_response(render_template("certificates/new.html", form=form, before=before), status)


@bp.get("/new")
@requires(Permission.CERTIFICATE_WRITE)
def new() -> Response:
    return _form_page(CertificateForm(formdata=None), None)


@bp.post("")
@requires(Permission.CERTIFICATE_WRITE)
def create() -> Response:
    return _save(None)


def _save(before: HostingCertificate | None) -> Response:
    form = CertificateForm()
    if form.validate():
        with saving(form, WHOLE):
            paper = form.paper.data.read()
            row = register_certificate(g.actor.organisation, form.entry(), paper, by=g.actor, follows=before)
    if form.errors or form.form_errors:
        return _form_page(form, _certificate(before.uid) if before else None, 422)
    return htmx.go(url_for(".show", uid=row.uid), toast=_("Le certificat est dans le registre."))


@bp.get("/<uid>")
@requires(Permission.CERTIFICATE_READ)
def show(uid: str) -> Response:
    return _page(_certificate(uid), WithdrawalForm(formdata=None))


def _page(row: HostingCertificate, form: WithdrawalForm, status: int = 200) -> Response:
    page = render_template("certificates/show.html", certificate=row, form=form, events=timeline(row))
    return make_response(page, status)


@bp.get("/<uid>/renewal")
@requires(Permission.CERTIFICATE_WRITE)
def new_renewal(uid: str) -> Response:
    """What stays the same is there already; the next one begins the day after."""
    row = _certificate(uid)
    data = {name: getattr(row, name) for name in ("scope", "issued_by", "referential")}
    data |= {f"covers_{name}": True for name in row.covers}
    data |= {"standard": row.standard.value, "valid_from": row.valid_through + timedelta(days=1)}
    return _form_page(CertificateForm(formdata=None, data=data), row)


@bp.post("/<uid>/renewal")
@requires(Permission.CERTIFICATE_WRITE)
def renew(uid: str) -> Response:
    return _save(_certificate(uid))


@bp.post("/<uid>/withdrawal")
@requires(Permission.CERTIFICATE_WRITE)
def withdraw(uid: str) -> Response:
    row, form = _certificate(uid), WithdrawalForm()
    if form.validate():
        with saving(form, WHOLE):
            row.withdraw(form.why.data or "", by=g.actor)
    if form.errors or form.form_errors:
        return _page(_certificate(uid), form, 422)
    return htmx.go(url_for(".show", uid=uid), toast=_("Le certificat est retiré."))
