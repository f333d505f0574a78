"""What is typed about an assignment."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from stdnum.fr import siren
from wtforms import BooleanField, EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length, ValidationError

from portal.assignments.planning import Named
from portal.forms import DayField, trim
from portal.linked.one_page import ConsentForm
from portal.mail import Mailable

_NO_ADDRESS = _l("Cette adresse e-mail n'est pas valable.")


class AssignmentForm(FlaskForm):
    to = StringField(
        _l("Cessionnaire : son nom exact, son SIREN ou une adresse de contact"),
        [DataRequired(_l("Dites à qui passe le contrat.")), Length(max=254)],
        filters=[trim],
    )
    effective_on = DayField(
        _l("Premier jour du cessionnaire"), [InputRequired(_l("Indiquez le jour du passage."))]
    )
    seen = HiddenField()  # the plan that was on the page


class DecisionForm(FlaskForm):
    frees = BooleanField(_l("Le cédant est libéré de ce qui naît à partir de ce jour (C. civ. 1216-1)"))
    seen = HiddenField()


class RefusalForm(FlaskForm):
    reason = StringField(
        _l("Pourquoi le contrat ne passe pas"),
        [DataRequired(_l("Dites pourquoi.")), Length(max=300)],
        filters=[trim],
    )


class SignForm(ConsentForm):
    seen = HiddenField()


class WishDayForm(FlaskForm):
    """The day whose conditions a customer reads."""

    effective_on = DayField(
        _l("Premier jour de votre repreneur"), [InputRequired(_l("Indiquez le jour du passage."))]
    )


class WishForm(WishDayForm):
    """Who is to take a contract over."""

    successor = StringField(
        _l("Nom ou raison sociale"),
        [DataRequired(_l("Dites à qui passe le contrat.")), Length(max=70)],
        filters=[trim],
    )
    siren = StringField(
        _l("SIREN"),
        [DataRequired(_l("Indiquez le SIREN, 9 chiffres.")), Length(max=18)],
        filters=[lambda text: "".join((text or "").split())],
    )
    contact = StringField(
        _l("Qui signe pour elle ou lui"),
        [DataRequired(_l("Indiquez qui signe.")), Length(max=70)],
        filters=[trim],
    )
    email = EmailField(
        _l("Son adresse e-mail"),
        [
            DataRequired(_l("Indiquez une adresse : la demande à signer y part.")),
            Email(_NO_ADDRESS),
            Mailable(_NO_ADDRESS),
            Length(max=254),
        ],
        filters=[trim],
    )
    seen = HiddenField()  # the conditions that were on the page

    @property
    def named(self) -> Named:
        said = (self.successor.data, self.siren.data, self.contact.data, (self.email.data or "").lower())
        return Named(*(each or "" for each in said))

    def validate_siren(self, field: StringField) -> None:
        if not siren.is_valid(field.data):
            raise ValidationError(_("Ce SIREN n'existe pas : sa clé de contrôle est fausse."))
