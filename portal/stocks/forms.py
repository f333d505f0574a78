"""What is typed about keys in number."""

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectChoice, SelectField
from wtforms.validators import InputRequired, NumberRange

from portal.db import new_uid
from portal.forms import WholeNumberField
from portal.licensing.lots import MOST, MOST_SEATS
from portal.stocks.pool_file import MOST_LINES

_NEEDED = _l("Indiquez un nombre, en chiffres.")


def uid_or_nothing(value: str | None) -> str:
    return value if value and re.fullmatch("[a-z2-7]{16}", value) else ""


def _number() -> WholeNumberField:
    said = _l("Entre 1 et %(most)s clés à la fois.", most=f"{MOST:,}".replace(",", " "))
    return WholeNumberField(_l("Nombre de clés"), [InputRequired(_NEEDED), NumberRange(1, MOST, said)])


def _seats() -> WholeNumberField:
    said = _l("Entre 1 et %(most)d postes par clé.", most=MOST_SEATS)
    return WholeNumberField(
        _l("Postes par clé"), [InputRequired(_NEEDED), NumberRange(1, MOST_SEATS, said)], default=1
    )


class LotForm(FlaskForm):
    once = HiddenField(default=new_uid, filters=[uid_or_nothing])  # becomes the lot's
    reseller = SelectField(_l("Revendeur"), [InputRequired(_l("Choisissez un revendeur."))])
    product = SelectField(_l("Offre"), [InputRequired(_l("Choisissez une offre."))])
    number = _number()
    seats = _seats()


class ContractForm(FlaskForm):
    once = HiddenField(default=new_uid, filters=[uid_or_nothing])
    source = RadioField(
        _l("D'où viennent ces clés"),
        choices=[
            SelectChoice("new", _l("des clés neuves")),
            SelectChoice("stock", _l("du stock du revendeur")),
        ],
        default="new",
    )
    number = _number()
    seats = _seats()


class OrderForm(FlaskForm):
    number = _number()
    seats = _seats()


class LevelForm(FlaskForm):
    product = SelectField(_l("Offre"), [InputRequired(_l("Choisissez une offre."))])
    least = WholeNumberField(
        _l("Me prévenir au-dessous de"),
        [InputRequired(_NEEDED), NumberRange(0, MOST, _l("Un nombre de clés ; 0 : jamais."))],
    )


class PoolForm(FlaskForm):
    product = SelectField(_l("Offre"), [InputRequired(_l("Choisissez une offre."))])


class PoolLevelForm(FlaskForm):
    least = WholeNumberField(
        _l("Me prévenir au-dessous de"),
        [InputRequired(_NEEDED), NumberRange(0, MOST_LINES, _l("Un nombre de clés ; 0 : jamais."))],
    )


class PoolFileForm(FlaskForm):
    file = FileField(
        _l("Fichier CSV des clés"),
        [FileRequired(_l("Choisissez le fichier."))],
        render_kw={"accept": "text/csv,.csv"},
    )
