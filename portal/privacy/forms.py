"""What is typed in the room of a breach."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.clock import PARIS
from portal.customers.rules import BREACH_BLOCKS
from portal.forms import trim
from portal.privacy.choosing import Through
from portal.privacy.closing import PARTS


class InstantField(StringField):
    """A day and an hour as Paris clocks show them; ``instant`` is in UTC, None where nothing was typed.

    An hour that comes twice is the first of both, so that no clock ends later than it may; one that does
    not exist is refused.
    """

    instant: datetime | None = None

    @property
    def found(self) -> datetime:
        """Of a field that is required. Raises LookupError before it was validated."""
        if self.instant is None:
            raise LookupError(self.name)
        return self.instant

    def __init__(self, *args: Any, required: bool = True, **kwargs: Any) -> None:
        checks = [InputRequired(_l("Indiquez un jour et une heure."))] if required else []
        super().__init__(*args, checks, render_kw={"type": "datetime-local"}, **kwargs)

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            return
        try:
            local = datetime.fromisoformat(self.data[:16])
        except ValueError:
            local = datetime(1, 1, 1)  # noqa: DTZ001
        if local.tzinfo is not None or not 2000 <= local.year < 2200:
            raise ValidationError(_("Indiquez un jour et une heure, comme 2026-11-20T18:30."))
        found = local.replace(tzinfo=PARIS).astimezone(UTC)
        if found.astimezone(PARIS).replace(tzinfo=None) != local:
            raise ValidationError(_("Cette heure n'existe pas : les horloges avancent cette nuit-là."))
        self.instant = found


class BreachForm(FlaskForm):
    name = StringField(
        _l("Objet, pour vous"),
        [InputRequired(_l("Dites en quelques mots ce qui s'est passé.")), Length(max=140)],
        [trim],
    )
    known_at = InstantField(_l("Découverte"))


class PartsForm(FlaskForm):
    """The four parts that a notice must have; each may be empty until it is sent."""

    def parts(self) -> dict[str, str]:
        return {name: (self[name].data or "").replace("\r\n", "\n") for name in BREACH_BLOCKS}


for _name in BREACH_BLOCKS:
    _field = TextAreaField(PARTS[_name], [Length(max=2000)], render_kw={"rows": 4})
    setattr(PartsForm, _name, _field)


class CustomersForm(FlaskForm):
    through = RadioField(
        _l("Choisir par"),
        choices=[
            SelectChoice(Through.HOUSE.value, _l("revendeur : ses clients et ceux des maisons en dessous")),
            SelectChoice(Through.VAULT.value, _l("coffre : son client")),
            SelectChoice(Through.CUSTOMER.value, _l("client")),
        ],
        default=Through.CUSTOMER.value,
    )
    name = StringField(_l("Nom ou SIREN"), [InputRequired(_l("Indiquez un nom.")), Length(max=140)], [trim])


class CustomerForm(FlaskForm):
    customer = HiddenField()


class CallForm(CustomerForm):
    called_at = InstantField(_l("Appel, jour et heure"))
    spoken_with = StringField(_l("Personne jointe"), [Length(max=140)], [trim])
    reached = BooleanField(_l("Elle a été prévenue de vive voix"))


class AuthorityForm(FlaskForm):
    at = InstantField(_l("Notifiée le"), required=False)
    reference = StringField(_l("Référence"), [Length(max=80)], [trim])
    why = StringField(_l("Motifs"), [Length(max=500)], [trim])


class WhyForm(FlaskForm):
    why = StringField(_l("Raison"), [Length(max=500)], [trim])
