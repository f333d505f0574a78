"""What is typed to sign up, and about trials and leads."""

import json
from collections.abc import Collection
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from portal.catalogue.models import Method
from portal.customers.own_entry import OwnEntryForm
from portal.forms import WholeNumberField, trim
from portal.signups.models import TRIAL_DAYS, SignUpKind
from portal.signups.offers import Offered
from portal.subscriptions.order_fields import METHODS
from portal.words import choices as words

_BY_CARD = SelectChoice(Method.CARD, _l("Carte bancaire, par un lien envoyé par e-mail"))
_MEANS = [_BY_CARD if choice.value == Method.CARD else choice for choice in METHODS]
_KINDS = [
    SelectChoice(SignUpKind.TRIAL, _l("Essayer gratuitement")),
    SelectChoice(SignUpKind.WEB, _l("M'abonner")),
    SelectChoice(SignUpKind.QUOTE, _l("Demander un devis")),
]


class SignUpForm(OwnEntryForm):
    """The entry of a customer, by herself, and what she asks for."""

    product = SelectField(_l("Offre"), validators=[InputRequired(_l("Choisissez une offre."))])
    quantity = WholeNumberField(
        _l("Nombre de licences"),
        [
            InputRequired(_l("Indiquez une quantité, en chiffres.")),
            NumberRange(1, 10_000, _l("Entre 1 et 10 000.")),
        ],
        default=1,
    )
    wish = RadioField(
        _l("Vous souhaitez"), validators=[InputRequired(_l("Choisissez ce que vous souhaitez."))]
    )
    method = RadioField(_l("Moyen de paiement, pour un abonnement"), choices=_MEANS)

    def offer(self, offers: list[Offered]) -> None:
        """Only what somebody may ask for at this house."""
        self.offers = {each.product.uid: each for each in offers}
        self.product.choices = [SelectChoice(uid, each.product.name) for uid, each in self.offers.items()]
        kinds = {kind for each in offers for kind in each.kinds}
        self.wish.choices = [choice for choice in _KINDS if choice.value in kinds]
        self.wish.data = self.wish.data or self.wish.choices[0].value
        offer_means(self.method, {means for each in offers for means in each.every_means})

    @property
    def chosen(self) -> Offered | None:
        return self.offers.get(self.product.data or "")

    def validate_wish(self, field: RadioField) -> None:
        if self.chosen is not None and field.data not in self.chosen.kinds:
            raise ValidationError(
                _("Cette offre ne se demande pas ainsi : choisissez une autre possibilité.")
            )

    @property
    def means(self) -> Method:
        """What was chosen; where nothing is to be paid yet, what the offer has for such a customer."""
        chosen = Method(self.method.data)
        own = self.chosen.means[self.kind.data] if self.chosen else ()
        return chosen if chosen in own or not own else own[0]

    def validate_method(self, field: RadioField) -> None:
        if self.chosen is None or self.wish.data != SignUpKind.WEB or self.kind.data is None:
            return
        means = self.chosen.means[self.kind.data]
        if field.data not in means:
            raise ValidationError(
                _(
                    "Cette offre se paie autrement : %(means)s.",
                    means=", ".join(str(words.METHODS[each]) for each in means),
                )
            )

    def entry(self) -> str:
        """As the sealed row keeps it."""
        return json.dumps({**self.values(), "contact": self.contact})


def offer_means(field: RadioField, means: Collection[Method]) -> None:
    """Only these may be chosen; the first of them is, where nothing was."""
    field.choices = [choice for choice in _MEANS if choice.value in means]
    if field.data is None and field.choices:
        field.data = field.choices[0].value


class ReasonForm(FlaskForm):
    reason = StringField(
        _l("Motif"), [InputRequired(_l("Dites pourquoi, en quelques mots.")), Length(max=300)], filters=[trim]
    )


class ExtendForm(ReasonForm):
    days = WholeNumberField(
        _l("Jours de plus"),
        [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 90, _l("Entre 1 et 90."))],
        default=15,
    )


class ProductionForm(FlaskForm):
    """An order of what was tried."""

    quantity = WholeNumberField(
        _l("Nombre de licences"),
        [
            InputRequired(_l("Indiquez une quantité, en chiffres.")),
            NumberRange(1, 10_000, _l("Entre 1 et 10 000.")),
        ],
    )
    method = RadioField(_l("Moyen de paiement"), choices=_MEANS)


class SettingsForm(FlaskForm):
    is_open = BooleanField(_l("La page d'inscription est ouverte"))
    house = SelectField(
        _l("Maison qui sert les inscrits à l'adresse du portail"), validators=[InputRequired()]
    )
    erase_days = WholeNumberField(
        _l("Effacer une demande non confirmée après, en jours"),
        [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 365, _l("Entre 1 et 365."))],
    )
    warn_days = WholeNumberField(
        _l("Prévenir avant la fin d'un essai, en jours"),
        [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 60, _l("Entre 1 et 60."))],
    )


class OfferForm(FlaskForm):
    """What may be asked for with one offer; without ``may_try`` the days mean nothing."""

    may_try = BooleanField(_l("Se laisse essayer"))
    trial_days = WholeNumberField(
        _l("Durée de l'essai, en jours"),
        [InputRequired(_l("Indiquez un nombre de jours.")), NumberRange(1, 365, _l("Entre 1 et 365."))],
        default=TRIAL_DAYS,
    )
    trial_seats = WholeNumberField(
        _l("Postes de l'essai"),
        [InputRequired(_l("Indiquez un nombre de postes.")), NumberRange(1, 1000, _l("Entre 1 et 1 000."))],
        default=1,
    )
    may_order = BooleanField(_l("Se commande en ligne"))
    may_ask = BooleanField(_l("Un devis se demande en ligne"))

    def values(self) -> dict[str, Any]:
        return {
            "trial_days": self.trial_days.data if self.may_try.data else 0,
            "trial_seats": self.trial_seats.data,
            "may_order": self.may_order.data,
            "may_ask": self.may_ask.data,
        }
