"""What is typed about services: outages, maintenance, measures, reservations and claims, the status page."""

from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, ValidationError

from portal import clock
from portal.availability.models import Cause
from portal.availability.promises import Promise, services_by_contract
from portal.forms import InstantField, trim
from portal.terms.shipped import CONTRACTS
from portal.words.service_names import CAUSES, service_word

_WHEN = _l("Indiquez un jour et une heure.")


class Box(NamedTuple):
    """One service that may be ticked."""

    id: str
    value: str
    label: str
    checked: bool


class ServicesField(SelectMultipleField):
    """Services of one contract, each as « contract:service »."""

    def groups(self) -> list[tuple[str, list[Box]]]:
        """The boxes of each contract, under its name."""
        chosen = set(self.data or ())
        found: dict[str, list[Box]] = {}
        for index, each in enumerate(self.choices or ()):
            box = Box(f"{self.id}-{index}", str(each.value), str(each.label), each.value in chosen)
            found.setdefault(box.value.partition(":")[0], []).append(box)
        return [(CONTRACTS[name][0], boxes) for name, boxes in found.items()]

    @property
    def contract(self) -> str:
        return str((self.data or [""])[0]).partition(":")[0]

    @property
    def services(self) -> list[str]:
        return [each.partition(":")[2] for each in self.data or ()]

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if not self.data:
            raise ValidationError(_("Cochez au moins un service."))
        if len({each.partition(":")[0] for each in self.data}) > 1:
            raise ValidationError(_("Les services d'un seul contrat à la fois."))


def _all_services() -> list[SelectChoice]:
    return [
        SelectChoice(f"{name}:{each.service}", service_word(each.service))
        for name, promises in services_by_contract(clock.today()).items()
        for each in promises
    ]


class _WithServices(FlaskForm):
    services = ServicesField(_l("Services"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.services.choices = _all_services()


class OutageForm(_WithServices):
    starts_at = InstantField(_l("Début"))
    ends_at = InstantField(_l("Fin"), required=False)
    cause = RadioField(
        _l("Cause"),
        choices=[SelectChoice(each.value, CAUSES[each.value]) for each in Cause],
        default=Cause.INCIDENT.value,
    )
    words = StringField(
        _l("Ce que les clients lisent"),
        [InputRequired(_l("Dites en une phrase ce qui s'est passé.")), Length(max=200)],
        filters=[trim],
    )


class EndForm(FlaskForm):
    ends_at = InstantField(_l("Fin"))


class WindowForm(FlaskForm):
    starts_at = InstantField(_l("Début"))
    ends_at = InstantField(_l("Fin"))
    late = BooleanField(_l("Annoncer quand même, en comptant l'arrêt comme une indisponibilité"))


class PlanForm(WindowForm, _WithServices):
    words = StringField(
        _l("Ce qui est fait"),
        [InputRequired(_l("Dites en une phrase ce qui est fait.")), Length(max=200)],
        filters=[trim],
    )


class MoveForm(WindowForm):
    why = StringField(
        _l("Raison"), [InputRequired(_l("Dites pourquoi, les clients le liront.")), Length(max=300)], [trim]
    )


class WhyForm(FlaskForm):
    why = StringField(_l("Raison"), [InputRequired(_l("Indiquez la raison.")), Length(max=300)], [trim])


class MeasuresForm(FlaskForm):
    contract = SelectField(
        _l("Contrat"), choices=[SelectChoice(name, label) for name, (label, _codes) in CONTRACTS.items()]
    )
    file = FileField(
        _l("Mesures, en CSV"), [FileRequired(_l("Choisissez le fichier."))], render_kw={"accept": ".csv"}
    )


class ReservationForm(FlaskForm):
    services = SelectMultipleField(_l("Services"))
    starts_at = InstantField(_l("Début"))
    ends_at = InstantField(_l("Fin"))
    words = TextAreaField(
        _l("Justificatif"),
        [InputRequired(_l("Décrivez ce qui le montre : relevés, messages d'erreur.")), Length(max=4000)],
    )
    told_at = InstantField(_l("Reçue le"), required=False)

    def offer(self, promises: list[Promise]) -> None:
        self.services.choices = [SelectChoice(each.service, service_word(each.service)) for each in promises]

    def validate_services(self, field: Any) -> None:
        if not field.data:
            raise ValueError(_("Choisissez au moins un service."))


class ClaimForm(FlaskForm):
    calculation = TextAreaField(
        _l("Calcul"), [InputRequired(_l("Joignez le calcul des pénalités.")), Length(max=4000)]
    )
    claimed_at = InstantField(_l("Reçue le"), required=False)


class StatusForm(FlaskForm):
    is_on = BooleanField(_l("Montrer la page d'état à tout le monde"))
    contracts = SelectMultipleField(
        _l("Contrats montrés"),
        choices=[SelectChoice(name, label) for name, (label, _codes) in CONTRACTS.items()],
    )
