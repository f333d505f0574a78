"""What is typed in the room of a breach."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.customers.rules import BREACH_BLOCKS
from portal.forms import InstantField, trim
from portal.privacy.choosing import Through
from portal.privacy.closing import PARTS


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
