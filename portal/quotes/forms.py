"""What is typed about quotes."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.catalogue.models import Method
from portal.contracts.typed_values import NEW_VALUE, key_choices, value_field
from portal.forms import DayField, WholeNumberField, trim
from portal.quotes.models import QuoteLine
from portal.quotes.writing import Head
from portal.subscriptions.offers import Offer
from portal.subscriptions.order_fields import METHODS, ReferencesForm


class HeadForm(ReferencesForm):
    """Days, references and remark of a quote."""

    valid_until = DayField(
        _l("Valable jusqu'au"), [InputRequired(_l("Indiquez le dernier jour pour accepter."))]
    )
    starts_on = DayField(_l("Commande le"), [Optional()])
    remark = TextAreaField(
        _l("Remarque imprimée sur le devis"),
        [Length(max=2000)],
        filters=[lambda text: (text or "").strip()],
        render_kw={"rows": 3, "maxlength": 2000},
    )

    def head(self) -> Head:
        return Head(self.valid_until.data, self.starts_on.data, self.remark.data, self.values())


class LineForm(FlaskForm):
    """One offer with its quantity and options."""

    product = SelectField(_l("Offre"), validators=[InputRequired(_l("Choisissez une offre."))])
    quantity = WholeNumberField(
        _l("Quantité"),
        [
            InputRequired(_l("Indiquez une quantité, en chiffres.")),
            NumberRange(1, 10_000, _l("Entre 1 et 10 000.")),
        ],
        default=1,
    )
    volume_gb = WholeNumberField(
        _l("Volume prévu au contrat, en Go"),
        [Optional(), NumberRange(1, 10**9, _l("Un nombre de Go, au moins 1."))],
    )
    method = RadioField(_l("Moyen de paiement"), choices=METHODS, default=Method.WIRE)
    health = RadioField(
        _l("Ce volume contiendra-t-il des données de santé ?"),
        choices=[SelectChoice("no", _l("non")), SelectChoice("yes", _l("oui"))],
        default="no",
    )

    @property
    def for_health_data(self) -> bool:
        return bool(self.health.data == "yes")


def line_form(offers: Sequence[Offer], **data: Any) -> LineForm:
    """The form for those offers that are open to a customer."""
    form = LineForm(**data)
    open_ones = [each.product for each in offers if each.refusal is None]
    form.product.choices = [SelectChoice(product.uid, product.name) for product in open_ones]
    return form


class WishForm(FlaskForm):
    """One value that the prospect wishes otherwise."""

    key = SelectField(_l("Valeur à changer"))
    value = StringField(NEW_VALUE, [InputRequired(_l("Indiquez la nouvelle valeur."))])


def wish_form(line: QuoteLine, key: str) -> WishForm:
    """The form for one key of a line's contract: flags, choices and lists are picked, the rest is typed."""
    base: type[WishForm] = WishForm
    if picked := value_field(key, line.terms.find(key)):
        base = type("PickedWishForm", (WishForm,), {"value": picked})
    form = base(key=key)
    form.key.choices = key_choices(line.texts.values)
    return form


class SendForm(FlaskForm):
    """Its seller knows what it promises beyond the purchase."""

    acknowledged = BooleanField(_l("Je le sais, et je l'envoie quand même"))


class BecauseForm(FlaskForm):
    """Why a quote is taken back, or gone on with."""

    reason = StringField(
        _l("Raison"), [InputRequired(_l("Dites pourquoi.")), Length(max=300)], filters=[trim]
    )
