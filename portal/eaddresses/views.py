"""Electronic addresses, for finance: which one each customer's invoices bear, how they are looked up."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from portal import htmx
from portal.access import GRANTS, Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.eaddresses.choosing import Choice, bring_file, choose
from portal.eaddresses.csv_lines import LARGEST
from portal.eaddresses.keeping import ask_again, choose_line
from portal.eaddresses.lists import EADDRESSES
from portal.eaddresses.models import EAddress, EAddressDirectory, EAddressFile, Way
from portal.eaddresses.queries import directory_of, looked_up
from portal.errors import Refused
from portal.forms import saving, trim
from portal.journal import timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.panels import Panel
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.wording import N_
from portal.words.eaddresses import remedy

bp = Blueprint("eaddresses", __name__, url_prefix="/eaddresses")
bp.add_app_template_filter(remedy, "eaddress_remedy")


class DirectoryForm(FlaskForm):
    way = RadioField(
        _l("Comment il se joint"),
        choices=[
            SelectChoice(Way.OFF.value, _l("pas du tout")),
            SelectChoice(Way.FILES.value, _l("par des fichiers CSV, déposés ici ou dans un dossier")),
            SelectChoice(Way.HTTP.value, _l("par des appels HTTP")),
        ],
    )
    folder = StringField(_l("Dossier"), [Length(max=40)], filters=[trim])
    address = StringField(_l("Adresse"), [Length(max=500)], filters=[trim])
    token = PasswordField(_l("Jeton"), [Length(max=500)], render_kw={"autocomplete": "off"})
    holds_back = BooleanField(_l("La facturation mensuelle attend une adresse de l'annuaire"))

    def choice(self) -> Choice:
        return Choice(
            Way(self.way.data),
            self.holds_back.data,
            self.folder.data or "",
            self.address.data or "",
            self.token.data or "",
        )


class LinesForm(FlaskForm):
    file = FileField(
        _l("Fichier CSV"),
        [FileRequired(_l("Choisissez un fichier."))],
        render_kw={"accept": ".csv", "required": True, "aria-required": "true"},
    )


class LineForm(FlaskForm):
    address = RadioField(_l("Adresse des factures"), [InputRequired(_l("Choisissez une ligne."))])


@bp.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "eaddresses.create_file":
        request.max_content_length = LARGEST + 65_536


@bp.get("")
@requires(Permission.BILLING_READ)
def list_addresses() -> Response:
    entities = db.session.scalars(LegalEntity.visible_to(g.actor).order_by(*TOP_FIRST))
    rows = {row.legal_entity_id: row for row in db.session.scalars(EAddressDirectory.visible_to(g.actor))}
    return list_page(EADDRESSES, "eaddresses/list.html", entities=list(entities), directories=rows)


def _choices(row: EAddress) -> list[SelectChoice]:
    """The line of the SIREN is always there: it is the default."""
    lines = [line for line in row.lines if line.address and line.gone_at is None]
    own = [SelectChoice(row.siren, _("%(siren)s : l'entreprise", siren=row.siren))]
    others = [(line.address, line.siret, line.service) for line in lines if line.address != row.siren]
    return own + [
        SelectChoice(address, " · ".join(filter(None, (address, siret, service))))
        for address, siret, service in others
    ]


def _address_page(uid: str, form: LineForm | None = None, status: int = 200) -> Response:
    row = get_or_404(looked_up(g.actor), uid)
    form = form or LineForm(formdata=None, address=row.address)
    form.address.choices = _choices(row)
    lines = [line for line in row.lines if line.address]
    page = render_template("eaddresses/address.html", row=row, form=form, lines=lines, events=timeline(row))
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.BILLING_READ)
def show_address(uid: str) -> Response:
    return _address_page(uid)


@bp.post("/<uid>/choice")
@requires(Permission.PAYMENT_WRITE)
def change_address(uid: str) -> Response:
    row, form = get_or_404(looked_up(g.actor).with_for_update(of=EAddress), uid), LineForm()
    form.address.choices = _choices(row)
    if form.validate():
        with saving(form, "address"):
            choose_line(row, form.address.data, by=g.actor)
    if form.errors:
        return _address_page(uid, form, 422)
    return htmx.go(url_for(".show_address", uid=uid), toast=_("Ses prochaines factures la portent."))


@bp.post("/<uid>/asking")
@requires(Permission.PAYMENT_WRITE)
def ask_address(uid: str) -> Response:
    ask_again(get_or_404(looked_up(g.actor), uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_address", uid=uid), toast=_("L'annuaire est interrogé dans la minute."))


def _entity(uid: str) -> LegalEntity:
    found: LegalEntity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return found


def _settings_page(
    entity: LegalEntity, form: DirectoryForm, status: int = 200, lines: LinesForm | None = None
) -> Response:
    row = directory_of(entity)
    own = EAddressFile.visible_to(g.actor).where(EAddressFile.directory_id == (row.id if row else 0))
    page = render_template(
        "eaddresses/settings.html",
        entity=entity,
        row=row,
        form=form,
        lines=lines or LinesForm(formdata=None),
        files=page_of(own, EAddressFile.id.desc(), name="files"),
        events=timeline(row) if row else None,
    )
    return make_response(page, status)


def _present(entity: LegalEntity) -> DirectoryForm:
    row = directory_of(entity)
    way, holds_back = (row.way.value, row.holds_back) if row else (Way.OFF.value, False)
    folder = (row.folder if row else None) or entity.uid
    return DirectoryForm(formdata=None, way=way, folder=folder, holds_back=holds_back)


@bp.get("/settings/<uid>")
@requires(Permission.BILLING_READ)
def show_settings(uid: str) -> Response:
    entity = _entity(uid)
    return _settings_page(entity, _present(entity))


@bp.post("/settings/<uid>")
@requires(Permission.PAYMENT_WRITE)
def change_settings(uid: str) -> Response:
    entity, form = _entity(uid), DirectoryForm()
    if asking := confirm_first(url_for(".show_settings", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "way"):
            choose(entity, form.choice(), by=g.actor)
    if form.errors:
        return _settings_page(_entity(uid), form, 422)
    return htmx.go(url_for(".show_settings", uid=uid), toast=_("Les réglages sont changés."))


@bp.post("/settings/<uid>/files")
@requires(Permission.PAYMENT_WRITE)
def create_file(uid: str) -> Response:
    entity, form = _entity(uid), LinesForm()
    if form.validate():
        with saving(form, "file"):
            directory = directory_of(entity)
            if directory is None:
                raise Refused(N_("Choisissez d'abord comment l'annuaire se joint."))
            bring_file(directory, form.file.data.read(), form.file.data.filename, by=g.actor)
    if form.errors:
        entity = _entity(uid)
        return _settings_page(entity, _present(entity), 422, form)
    return htmx.go(url_for(".show_settings", uid=uid), toast=_("Le fichier est lu."))


@bp.post("/files/<uid>/closing")
@requires(Permission.PAYMENT_WRITE)
def close_file(uid: str) -> Response:
    row = get_or_404(EAddressFile.visible_to(g.actor), uid)
    row.close(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_settings", uid=row.directory.legal_entity.uid), toast=_("C'est noté."))


@customer_panel(rank=46)
def eaddress_panel(customer: Customer) -> Panel | None:
    if g.actor.role not in GRANTS[Permission.BILLING_READ]:
        return None
    row = db.session.scalars(looked_up(g.actor).where(EAddress.customer_id == customer.id)).one_or_none()
    return Panel("eaddresses/_customer.html", {"row": row}) if row is not None else None
