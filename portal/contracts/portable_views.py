"""A contract to take along, and a page for everybody that says whether such a file holds."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms.validators import DataRequired

from portal.access import Permission, get_or_404, may, public, requires
from portal.accounts.throttle import count_verification
from portal.contracts.portable import Judged, judge, portable_of
from portal.db import EVERYTHING, db, scope
from portal.forms import refusals_in
from portal.panels import Link
from portal.simulator.portable import LARGEST
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.words.clauses import ANSWERS

bp = Blueprint("portable", __name__)
_WHY = "whoever is shown a portable contract checks it without an account"


class PortableForm(FlaskForm):
    file = FileField(
        _l("Contrat portable (JSON)"),
        [DataRequired(_l("Choisissez un fichier."))],
        render_kw={"accept": "application/json,.json"},
    )


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "portable.check":
        request.max_content_length = LARGEST + 65_536


@bp.app_template_filter()
def answer_name(name: str) -> str:
    """Of a date or an amount, by what the engine calls it."""
    return str(ANSWERS.get(name, name))


@subscription_link()
def portable_link(subscription: Subscription) -> list[Link]:
    if not may(Permission.SUBSCRIPTION_READ):
        return []
    address = url_for("portable.download", uid=subscription.uid)
    return [Link(address, _("Contrat portable (JSON)"), "download")]


@bp.get("/contracts/<uid>/portable.json")
@requires(Permission.SUBSCRIPTION_READ)
def download(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    response = make_response(portable_of(subscription))
    response.mimetype = "application/json"
    response.headers["Content-Disposition"] = f'attachment; filename="contrat-{uid}.json"'
    return response


@bp.get("/portable-contract")
@public(_WHY)
def show() -> Response:
    return _page(PortableForm(formdata=None))


def _page(form: PortableForm, status: int = 200, judged: Judged | None = None) -> Response:
    return make_response(render_template("contracts/portable.html", form=form, judged=judged), status)


@bp.post("/portable-contract")
@public(_WHY)
def check() -> Response:
    """Is it ours, whole, and does the engine answer the same today?"""
    form, judged = PortableForm(), None
    with scope(EVERYTHING):
        wait = count_verification(request.remote_addr or "")
        db.session.commit()
    if wait:
        message = _("Trop de vérifications. Réessayez dans %(seconds)d secondes.", seconds=wait)
        form.form_errors.append(message)
        return _page(form, 429)
    if form.validate():
        content = form.file.data.read(LARGEST + 1)
        form.file.data.close()
        with refusals_in(form, "file"):
            judged = judge(content)
    return _page(form, 422 if form.errors else 200, judged)
