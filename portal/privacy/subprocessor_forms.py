"""What is typed of sub-processors."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.customers.countries import countries
from portal.forms import DayField, trim
from portal.privacy.subprocessors import Entry
from portal.terms.shipped import CONTRACTS

_WORDS = [InputRequired(_l("Écrivez en quelques mots.")), Length(max=2000)]


class ListedForm(FlaskForm):
    name = StringField(_l("Nom"), [InputRequired(_l("Indiquez le nom.")), Length(max=140)], [trim])
    country = SelectField(_l("Pays du traitement"), choices=countries, default="FR")
    purpose = StringField(
        _l("Ce qu'il fait"), [InputRequired(_l("Dites ce qu'il fait.")), Length(max=300)], [trim]
    )

    @property
    def covering(self) -> list[BooleanField]:
        return [self[f"covers_{name}"] for name in CONTRACTS]

    def entry(self) -> Entry:
        covers = tuple(name for name in CONTRACTS if self[f"covers_{name}"].data)
        return Entry(self.name.data, self.country.data, self.purpose.data, covers)


for _name, (_label, _codes) in CONTRACTS.items():
    setattr(ListedForm, f"covers_{_name}", BooleanField(_label))


class PresentForm(ListedForm):
    since_on = DayField(_l("Premier jour"), [InputRequired(_l("Indiquez le premier jour."))])
    told_on = DayField(_l("Annoncé le"), [InputRequired(_l("Indiquez le jour de l'annonce."))])
    told_how = StringField(
        _l("Comment les clients l'ont su"), [InputRequired(_l("Dites comment.")), Length(max=280)], [trim]
    )


class ChangeForm(ListedForm):
    replaces = SelectField(_l("Remplace"), choices=[])
    effective_on = DayField(_l("Premier jour"), [InputRequired(_l("Indiquez le premier jour."))])
    object_until = DayField(
        _l("Dernier jour pour s'opposer"), [InputRequired(_l("Indiquez le dernier jour."))]
    )

    def offer(self, rows: Any) -> "ChangeForm":
        """rows: the sub-processors that may be replaced."""
        none = SelectChoice("", _l("aucun : c'est un ajout"))
        self.replaces.choices = [none, *(SelectChoice(row.uid, row.name) for row in rows)]
        return self


class EndForm(FlaskForm):
    until_on = DayField(_l("Premier jour sans lui"), [InputRequired(_l("Indiquez le jour."))])


class ReasonForm(FlaskForm):
    why = StringField(_l("Raison"), [Length(max=300)], [trim])


class OwnObjectionForm(FlaskForm):
    words = TextAreaField(_l("Vos raisons"), _WORDS, render_kw={"rows": 4})


class ObjectionForm(FlaskForm):
    customer = StringField(
        _l("Client, nom ou SIREN"), [InputRequired(_l("Indiquez le client.")), Length(max=140)], [trim]
    )
    received_on = DayField(_l("Reçue le"), [InputRequired(_l("Indiquez le jour."))])
    words = TextAreaField(_l("Ses raisons"), _WORDS, render_kw={"rows": 4})


class ObjectionAnswerForm(FlaskForm):
    decision = RadioField(
        _l("Décision"),
        [InputRequired(_l("Choisissez la décision."))],
        choices=[
            SelectChoice("rejected", _l("le changement vaut aussi pour ce client")),
            SelectChoice("granted", _l("ses données n'iront pas chez ce sous-traitant")),
        ],
    )
    answer = TextAreaField(_l("Réponse, lue par le client"), _WORDS, render_kw={"rows": 4})
