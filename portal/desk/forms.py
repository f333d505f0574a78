"""What is typed about a piece of work."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal import clock
from portal.desk.models import Outcome
from portal.desk.prices import Item
from portal.euro_field import EuroField
from portal.forms import DayField, InstantField, WholeNumberField, trim

_ITEMS = [
    SelectChoice(Item.LABOUR, _l("Main-d'œuvre (en minutes)")),
    SelectChoice(Item.RELOAD, _l("Rechargement sur un autre système (en minutes)")),
    SelectChoice(Item.PARTS, _l("Pièces")),
    SelectChoice(Item.MEDIUM, _l("Support physique, envoi compris")),
    SelectChoice(Item.TRAVEL, _l("Déplacement")),
]
_NUMBER = _l("Indiquez un nombre entier d'au moins 1.")


class LineForm(FlaskForm):
    item = SelectField(_l("Prestation"), choices=_ITEMS)
    quantity = WholeNumberField(
        _l("Minutes, ou nombre"), [InputRequired(_NUMBER), NumberRange(1, 100_000, _NUMBER)]
    )
    worked_on = DayField(_l("Fait le"), [Optional()])
    price = EuroField(_l("Autre prix, hors taxes"), [Optional()])
    why = StringField(_l("Pourquoi un autre prix que la grille ?"), [Length(max=200)], filters=[trim])


class PlanForm(FlaskForm):
    at = InstantField(_l("Jour et heure"))
    technician = SelectField(_l("Technicien dédié"))


class EndForm(FlaskForm):
    outcome = RadioField(
        _l("Résultat"),
        choices=[
            SelectChoice(Outcome.WHOLE, _l("Complet : les heures saisies sont facturées")),
            SelectChoice(Outcome.PARTIAL, _l("Partiel : ce qui a été fait est facturé")),
            SelectChoice(Outcome.FAILED, _l("Échec : rien n'est facturé")),
        ],
        validators=[InputRequired(_l("Dites comment cela s'est terminé."))],
    )


class CheckedForm(FlaskForm):
    who = StringField(
        _l("Vérifié avec"),
        [InputRequired(_l("Dites avec qui du client cela a été vérifié.")), Length(max=120)],
        filters=[trim],
    )


class PriceForm(FlaskForm):
    item = SelectField(
        _l("Prestation"),
        choices=[
            SelectChoice(Item.SIMPLE, _l("Restauration simple, un fichier")),
            SelectChoice(Item.LABOUR, _l("Heure de main-d'œuvre")),
            SelectChoice(Item.RELOAD, _l("Heure de rechargement")),
            SelectChoice(Item.PARTS, _l("Pièces, l'unité")),
            SelectChoice(Item.MEDIUM, _l("Support physique, envoi compris")),
            SelectChoice(Item.TRAVEL, _l("Déplacement")),
            SelectChoice(Item.DRILLS, _l("Essais annuels d'un coffre, l'année")),
        ],
    )
    price = EuroField(_l("Prix hors taxes"), [InputRequired(_l("Indiquez un montant."))], low=1)
    effective_on = DayField(_l("À partir du"), [InputRequired(_l("Indiquez un jour."))], default=clock.today)
