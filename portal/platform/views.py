"""The platform, for finance: how it is reached, what was said to it, what it says."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectChoice, StringField
from wtforms.validators import Length, Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import DayField, saving, trim
from portal.journal import timeline
from portal.listing.page import list_page
from portal.platform.choosing import Choice, choose, platform_of
from portal.platform.lists import MESSAGES
from portal.platform.models import Platform, PlatformMessage, PlatformStatus, Way
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.words.platform import status_words

bp = Blueprint("platform", __name__, url_prefix="/platform")
bp.add_app_template_filter(status_words, "platform_status")


class PlatformForm(FlaskForm):
    way = RadioField(
        _l("Comment elle se joint"),
        choices=[
            SelectChoice(Way.OFF.value, _l("pas du tout")),
            SelectChoice(Way.FOLDER.value, _l("par un dossier de cette machine")),
            SelectChoice(Way.HTTP.value, _l("par des appels HTTP")),
        ],
    )
    send_from = DayField(_l("Envoyer les factures à partir du"), [Optional()])
    folder = StringField(_l("Dossier"), [Length(max=40)], filters=[trim])
    address = StringField(_l("Adresse"), [Length(max=500)], filters=[trim])
    token = PasswordField(_l("Jeton"), [Length(max=500)], render_kw={"autocomplete": "off"})

    def choice(self) -> Choice:
        return Choice(
            Way(self.way.data),
            self.send_from.data,
            self.folder.data or "",
            self.address.data or "",
            self.token.data or "",
        )


@bp.get("")
@requires(Permission.BILLING_READ)
def list_messages() -> Response:
    entities = db.session.scalars(LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST))
    rows = {row.legal_entity_id: row for row in db.session.scalars(Platform.visible_to(g.actor))}
    return list_page(MESSAGES, "platform/list.html", entities=list(entities), platforms=rows)


@bp.get("/messages/<uid>")
@requires(Permission.BILLING_READ)
def show_message(uid: str) -> Response:
    row = get_or_404(PlatformMessage.visible_to(g.actor), uid)
    return make_response(render_template("platform/message.html", row=row, events=timeline(row)))


@bp.post("/messages/<uid>/sending")
@requires(Permission.PAYMENT_WRITE)
def send_again(uid: str) -> Response:
    row = get_or_404(PlatformMessage.visible_to(g.actor), uid)
    row.send_again(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_message", uid=uid), toast=_("Il part dans la minute."))


@bp.post("/messages/<uid>/closing")
@requires(Permission.PAYMENT_WRITE)
def close_message(uid: str) -> Response:
    row = get_or_404(PlatformMessage.visible_to(g.actor), uid)
    row.close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_message", uid=uid), toast=_("C'est noté."))


@bp.get("/statuses/<uid>")
@requires(Permission.BILLING_READ)
def show_status(uid: str) -> Response:
    row = get_or_404(PlatformStatus.visible_to(g.actor), uid)
    return make_response(render_template("platform/status.html", row=row, events=timeline(row)))


@bp.post("/statuses/<uid>/closing")
@requires(Permission.PAYMENT_WRITE)
def close_status(uid: str) -> Response:
    get_or_404(PlatformStatus.visible_to(g.actor), uid).close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_status", uid=uid), toast=_("C'est noté."))


def _entity(uid: str) -> LegalEntity:
    found: LegalEntity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return found


def _page(entity: LegalEntity, form: PlatformForm, status: int = 200) -> Response:
    row = platform_of(entity)
    page = render_template(
        "platform/settings.html", entity=entity, row=row, form=form, events=timeline(row) if row else None
    )
    return make_response(page, status)


@bp.get("/settings/<uid>")
@requires(Permission.BILLING_READ)
def show_settings(uid: str) -> Response:
    entity = _entity(uid)
    row = platform_of(entity)
    way = row.way.value if row else Way.OFF.value
    folder = (row.folder if row else None) or entity.uid
    form = PlatformForm(formdata=None, way=way, folder=folder, send_from=row.send_from if row else None)
    return _page(entity, form)


@bp.post("/settings/<uid>")
@requires(Permission.PAYMENT_WRITE)
def change_settings(uid: str) -> Response:
    entity, form = _entity(uid), PlatformForm()
    if asking := confirm_first(url_for(".show_settings", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "way"):
            choose(entity, form.choice(), by=g.actor)
    if form.errors:
        return _page(_entity(uid), form, 422)
    return htmx.go(url_for(".show_settings", uid=uid), toast=_("Les réglages sont changés."))
