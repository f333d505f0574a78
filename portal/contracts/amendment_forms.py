"""The form of a signed amendment: what changes, from when, and who signed."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.contracts.amendments import present_value
from portal.contracts.typed_values import NEW_VALUE, key_choices, value_field
from portal.forms import DayField
from portal.subscriptions.amendments import AmendmentKind
from portal.subscriptions.models import Subscription

KINDS = [
    SelectChoice(AmendmentKind.AMENDMENT, _l("Avenant, signé après la commande")),
    SelectChoice(AmendmentKind.CONDITIONS, _l("Conditions particulières, dès le début du contrat")),
]


class AmendmentForm(FlaskForm):
    kind = RadioField(_l("Genre"), choices=KINDS, default=AmendmentKind.AMENDMENT)
    label = StringField(_l("Intitulé"), [InputRequired(_l("Donnez un intitulé.")), Length(max=140)])
    key = SelectField(_l("Valeur à changer"))
    value = StringField(NEW_VALUE, [InputRequired(_l("Indiquez la nouvelle valeur."))])
    signed_on = DayField(_l("Signé le"), [InputRequired(_l("Indiquez le jour de la dernière signature."))])
    effective_on = DayField(_l("Prend effet le"), [InputRequired(_l("Indiquez le premier jour d'effet."))])
    signed_by_both = BooleanField(_l("Signé par les deux parties"))
    text = FileField(_l("Texte signé (PDF)"))


def amendment_form(subscription: Subscription, key: str) -> AmendmentForm:
    """The form for one key: flags, choices and lists are picked, the rest is typed."""
    bases: type[AmendmentForm] = AmendmentForm
    if picked := value_field(key, present_value(subscription, key)):
        bases = type("PickedAmendmentForm", (AmendmentForm,), {"value": picked})
    form = bases(key=key)
    form.key.choices = key_choices(subscription.terms.values)
    return form
