"""What is typed about late payers."""

import re
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.errors import Refused
from portal.euro_field import EuroField
from portal.forms import DayField, WholeNumberField, trim
from portal.money import parse_euros


class WaiverForm(FlaskForm):
    cents = EuroField(_l("Montant abandonné"), [Optional()], low=1)
    why = StringField(
        _l("Pourquoi"),
        [DataRequired(_l("Dites pourquoi le client en est dispensé.")), Length(max=300)],
        filters=[trim],
    )


def _days(label: Any) -> WholeNumberField:
    return WholeNumberField(
        label, [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 365, _l("Entre 1 et 365."))]
    )


class SettingForm(FlaskForm):
    reminder_days = _days(_l("Rappel, jours après l'échéance"))
    second_days = _days(_l("Second rappel, jours après l'échéance"))
    formal_days = _days(_l("Mise en demeure, jours après l'échéance"))
    grace_days = _days(_l("Jours laissés après elle, quand le contrat n'en nomme pas"))
    end_days = WholeNumberField(
        _l("Fin du contrat, jours après la suspension"),
        [Optional(), NumberRange(1, 365, _l("Entre 1 et 365."))],
    )
    by_itself = RadioField(
        _l("Envoi"),
        choices=[
            SelectChoice("no", _l("un par un : les finances confirment chaque envoi")),
            SelectChoice("yes", _l("tout seul : le portail envoie chaque jour")),
        ],
    )

    def validate_second_days(self, field: WholeNumberField) -> None:
        if self.reminder_days.data and field.data and field.data <= self.reminder_days.data:
            raise ValidationError(_("Après le rappel."))

    def validate_formal_days(self, field: WholeNumberField) -> None:
        if self.second_days.data and field.data and field.data <= self.second_days.data:
            raise ValidationError(_("Après le second rappel."))


class PostedForm(FlaskForm):
    posted_on = DayField(_l("Postée le"), [InputRequired(_l("Indiquez le jour du dépôt à la poste."))])
    tracking = StringField(
        _l("Numéro du recommandé"),
        [DataRequired(_l("Recopiez le numéro du recommandé.")), Length(max=40)],
        filters=[trim],
    )
    scan = FileField(
        _l("Preuve de dépôt numérisée"), render_kw={"accept": "application/pdf,image/jpeg,image/png"}
    )


class FollowedForm(FlaskForm):
    first_presented_on = DayField(_l("Présentée la première fois le"), [Optional()])
    received_on = DayField(_l("Reçue le"), [Optional()])
    returned_on = DayField(_l("Refusée ou non réclamée, revenue le"), [Optional()])
    scan = FileField(
        _l("Accusé de réception numérisé"), render_kw={"accept": "application/pdf,image/jpeg,image/png"}
    )


class ReinstateForm(FlaskForm):
    why = StringField(
        _l("Pourquoi"),
        [DataRequired(_l("Dites pourquoi le service est rétabli.")), Length(max=300)],
        filters=[trim],
    )


class DisputeForm(FlaskForm):
    reason = TextAreaField(
        _l("Ce qui est contesté"),
        [DataRequired(_l("Dites ce qui est contesté.")), Length(max=500)],
        filters=[trim],
    )


class OutcomeForm(FlaskForm):
    outcome = TextAreaField(
        _l("Ce qui a été décidé"),
        [DataRequired(_l("Dites ce qui a été décidé.")), Length(max=500)],
        filters=[trim],
    )
    state = RadioField(
        _l("Issue"),
        choices=[
            SelectChoice("dispute_rejected", _l("la facture est maintenue")),
            SelectChoice("dispute_upheld", _l("le client a raison : une correction suit")),
        ],
        validators=[InputRequired(_l("Choisissez une issue."))],
    )


_PART = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\s*[:;]?\s+(.+)")


class PlanForm(FlaskForm):
    said_by = StringField(
        _l("Qui l'a promis"), [DataRequired(_l("Indiquez qui l'a promis.")), Length(max=200)], filters=[trim]
    )
    parts = TextAreaField(
        _l("Échéances"),
        [DataRequired(_l("Une ligne par échéance : jour et montant."))],
        render_kw={"rows": 4},
    )
    dated: list[tuple[date, int]]

    def validate_parts(self, field: TextAreaField) -> None:
        """One line each: « 15/01/2027 500,00 »."""
        lines = [line.strip() for line in (field.data or "").splitlines() if line.strip()]
        if len(lines) > 60:
            raise ValidationError(_("Soixante échéances au plus."))
        self.dated = [self._part(line) for line in lines]

    def _part(self, line: str) -> tuple[date, int]:
        found = _PART.fullmatch(line)
        try:
            if found is None:
                raise ValueError
            day, month, year, cents = found.groups()
            return date(int(year), int(month), int(day)), parse_euros(cents)
        except (ValueError, Refused):
            sentence = _("Illisible : « %(line)s ». Écrivez « 15/01/2027 500,00 ».", line=line[:40])
            raise ValidationError(sentence) from None


class ReceivedForm(FlaskForm):
    on = DayField(_l("Reçu le"), [InputRequired(_l("Indiquez le jour du paiement."))])
    reference = StringField(
        _l("Référence bancaire"),
        [DataRequired(_l("Recopiez la référence du virement.")), Length(max=140)],
        filters=[trim],
    )
