"""What is typed about the sizing and the hand-over of a service."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, RadioField, SelectChoice, StringField
from wtforms.validators import Email, InputRequired, Length, NumberRange

from portal.forms import DayField, WholeNumberField, trim
from portal.sizing.models import Mode, Place, Sheet, Sizing
from portal.words.sizing import MODES, PLACES

_NUMBER = InputRequired(_l("Indiquez un nombre."))


class PercentField(DecimalField):
    """Per cent as people write it, with a comma or a point."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([value.replace(",", ".").strip(" %") for value in valuelist])


class SheetForm(FlaskForm):
    machines = WholeNumberField(_l("Machines"), [_NUMBER, NumberRange(1, 100_000)])
    source_gb = WholeNumberField(_l("Volume à protéger, en Go"), [_NUMBER, NumberRange(1, 10**9)])
    daily_change = PercentField(
        _l("Changements par jour, en pour cent"), [_NUMBER, NumberRange(0, 100)], places=2, use_locale=False
    )
    history_days = WholeNumberField(_l("Durée d'historique, en jours"), [_NUMBER, NumberRange(1, 36_500)])
    schedule = StringField(
        _l("Horaires des sauvegardes"),
        [InputRequired(_l("Dites quand les sauvegardes passent.")), Length(max=200)],
        filters=[trim],
    )
    mode = RadioField(
        _l("Copies"), choices=[SelectChoice(each, MODES[each]) for each in Mode], default=Mode.REMOTE
    )
    recipient_name = StringField(
        _l("Responsable du service"),
        [InputRequired(_l("Indiquez qui s'en occupe chez le client.")), Length(max=70)],
        filters=[trim],
    )
    recipient_email = StringField(
        _l("Son adresse e-mail"),
        [
            InputRequired(_l("Indiquez son adresse.")),
            Email(_l("Cette adresse n'est pas complète.")),
            Length(max=254),
        ],
        filters=[trim],
    )

    def sheet(self) -> Sheet:
        return Sheet(
            self.machines.data,
            self.source_gb.data,
            int((self.daily_change.data * 100).to_integral_value()),
            self.history_days.data,
            self.schedule.data,
            Mode(self.mode.data),
            self.recipient_name.data,
            self.recipient_email.data.lower(),
        )


def sheet_form(row: Sizing | None) -> SheetForm:
    """The form as the sheet stands now."""
    change = Decimal(row.daily_change_basis_points) / 100 if row else None
    return SheetForm(formdata=None, obj=row, daily_change=change)


class HandoverForm(FlaskForm):
    handed_over_on = DayField(_l("Remis le"), [InputRequired(_l("Indiquez le jour."))])
    how = RadioField(
        _l("Comment"), choices=[SelectChoice(each, PLACES[each]) for each in Place], default=Place.ON_SITE
    )
