"""A customer's VAT number looked up by hand, where no register is linked or none answers."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.vat_checks import LookedUp, Place, note_by_hand
from portal.forms import WHOLE, DayField, saving, trim
from portal.scans import LARGEST_SCAN
from portal.words.choices import LOOKED_UP

bp = Blueprint("vat_notes", __name__, url_prefix="/customers")
bp.add_app_template_filter(lambda place: LOOKED_UP[place], "place_word")


class NoteForm(FlaskForm):
    on = DayField(_l("Consulté le"), [InputRequired(_l("Indiquez le jour de la consultation."))])
    place = RadioField(
        _l("Où"),
        choices=[SelectChoice(place, LOOKED_UP[place]) for place in Place],
        default=Place.VIES,
        coerce=Place,
    )
    consultation = StringField(_l("Référence de la consultation"), [Length(max=40)], filters=[trim])
    copy = FileField(_l("Copie de la réponse"), render_kw={"accept": "application/pdf,image/jpeg,image/png"})

    def found(self) -> LookedUp:
        content = self.copy.data.read() if self.copy.data else b""
        return LookedUp(self.on.data, self.place.data, self.consultation.data or "", content)


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "vat_notes.note":
        request.max_content_length = LARGEST_SCAN + 65_536


@bp.get("/<uid>/vat-note")
@requires(Permission.PAYMENT_WRITE)
def new_note(uid: str) -> Response:
    return _page(uid, NoteForm(formdata=None, on=clock.today()))


@bp.post("/<uid>/vat-note")
@requires(Permission.PAYMENT_WRITE)
def note(uid: str) -> Response:
    customer, form = get_or_404(Customer.visible_to(g.actor), uid), NoteForm()
    if form.validate():
        with saving(form, WHOLE):
            note_by_hand(customer, form.found(), by=g.actor)
    if form.errors:
        return _page(uid, form, 422)
    toast = _("Le numéro compte comme vérifié.")
    return htmx.go(url_for("customers.show_customer", uid=uid), toast=toast)


def _page(uid: str, form: NoteForm, status: int = 200) -> Response:
    customer = get_or_404(Customer.visible_to(g.actor), uid)
    return make_response(render_template("customers/vat_note.html", customer=customer, form=form), status)
