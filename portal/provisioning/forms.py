"""What is typed of a store, of a bucket's keys, and of a maintenance."""

from typing import Self

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.customers.countries import countries
from portal.forms import WholeNumberField
from portal.provisioning.describing import Description
from portal.provisioning.models import MOST_HOURS, StoreKind, VaultStore

KINDS = [
    SelectChoice(StoreKind.REST.value, _l("Serveur REST : dépôts privés, ajout seul")),
    SelectChoice(StoreKind.S3.value, _l("S3 : un utilisateur par coffre")),
    SelectChoice(StoreKind.LOCAL.value, _l("Dossier de ce serveur")),
]


class StoreForm(FlaskForm):
    name = StringField(_l("Nom"), [InputRequired(_l("Donnez un nom au magasin.")), Length(max=80)])
    kind = SelectField(_l("Genre"), choices=KINDS)
    door = StringField(_l("Adresse pour les machines"), [Optional(), Length(max=280)])
    inner = StringField(_l("Où le portail lit"), [Optional(), Length(max=280)])
    maintenance_door = StringField(_l("Adresse de maintenance"), [Optional(), Length(max=280)])
    users_door = StringField(_l("Adresse où les utilisateurs se font (IAM)"), [Optional(), Length(max=280)])
    operator = StringField(
        _l("Exploité par"), [InputRequired(_l("Indiquez qui exploite les serveurs.")), Length(max=140)]
    )
    place = StringField(_l("Lieu"), [InputRequired(_l("Indiquez la ville ou la région.")), Length(max=140)])
    state = SelectField(_l("État compétent"), choices=countries, default="FR")
    immutable_days = WholeNumberField(
        _l("Immuable pendant (jours)"), [Optional(), NumberRange(1, 3650, _l("De 1 à 3650 jours."))]
    )
    for_health_data = BooleanField(_l("Peut héberger des données de santé (HDS)"))
    is_open = BooleanField(_l("Reçoit les nouveaux coffres"))

    def told(self) -> Description:
        return Description(
            name=self.name.data.strip(),
            kind=StoreKind(self.kind.data),
            door=(self.door.data or "").strip(),
            inner=(self.inner.data or "").strip(),
            maintenance_door=(self.maintenance_door.data or "").strip(),
            users_door=(self.users_door.data or "").strip(),
            operator=self.operator.data.strip(),
            place=self.place.data.strip(),
            state=self.state.data,
            immutable_days=self.immutable_days.data,
            for_health_data=self.for_health_data.data,
            is_open=self.is_open.data,
        )


class PlaceForm(FlaskForm):
    """Which store a subscription's vault is made in."""

    store = SelectField(_l("Magasin"))

    def offer(self, stores: list[VaultStore]) -> Self:
        self.store.choices = [(one.uid, f"{one.name}, {one.place}") for one in stores]
        return self


class MoveForm(PlaceForm):
    """Which store a vault moves to."""

    reason = StringField(_l("Pourquoi"), [InputRequired(_l("Indiquez pourquoi.")), Length(max=300)])


class KeysForm(FlaskForm):
    access_key = StringField(
        _l("Identifiant de clé"), [InputRequired(_l("Indiquez l'identifiant.")), Length(max=128)]
    )
    secret = PasswordField(_l("Clé secrète"), [InputRequired(_l("Indiquez la clé.")), Length(max=200)])


class MaintenanceForm(FlaskForm):
    hours = WholeNumberField(
        _l("Durée (heures)"),
        [InputRequired(_l("Indiquez une durée.")), NumberRange(1, MOST_HOURS, _l("De 1 à 72 heures."))],
    )
    reason = StringField(_l("Pourquoi"), [InputRequired(_l("Indiquez pourquoi.")), Length(max=300)])
