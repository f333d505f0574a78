"""What is typed about orders, their payment and their end."""

import re
from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from portal.catalogue.models import Method
from portal.customers.references import REFERENCES
from portal.db import new_uid
from portal.errors import Refused
from portal.forms import DayField, WholeNumberField, trim
from portal.i18n import said
from portal.money import parse_euros
from portal.subscriptions.notice_fields import NoticeForm
from portal.subscriptions.offers import Offer
from portal.subscriptions.order_fields import METHODS, reference_field
from portal.subscriptions.placing import EARLY_REQUEST
from portal.subscriptions.termination import Notice


def _uid_or_nothing(value: str | None) -> str:
    return value if value and re.fullmatch("[a-z2-7]{16}", value) else ""


class OrderForm(FlaskForm):
    once = HiddenField(default=new_uid, filters=[_uid_or_nothing])  # becomes the order's
    product = RadioField(_l("Offre"))
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
    health = RadioField(
        _l("Ce volume contiendra-t-il des données de santé ?"),
        choices=[SelectChoice("no", _l("non")), SelectChoice("yes", _l("oui"))],
    )
    outside_eu = BooleanField(_l("Le client déclare être établi hors de l'Union européenne"))
    begin_early = BooleanField(EARLY_REQUEST)
    method = RadioField(_l("Moyen de paiement"), choices=METHODS, default=Method.WIRE)
    accepted_because = StringField(
        _l("Litige de paiement en cours : pourquoi accepter cette commande"),
        [Length(max=300)],
        filters=[trim],
    )
    acknowledged = BooleanField(_l("Je le sais, et je commande quand même"))
    purchase_order = reference_field("purchase_order")
    commitment_number = reference_field("commitment_number")
    service_code = reference_field("service_code")
    priced = HiddenField()  # the wish whose price was on the page
    offers: Sequence[Offer] = ()  # what the form is about, for one customer

    def references(self) -> dict[str, str | None]:
        return {name: self[name].data for name in REFERENCES}

    @property
    def for_health_data(self) -> bool:
        return bool(self.health.data == "yes")

    def chosen(self) -> Offer | None:
        """The offer that is chosen, if this customer may order it."""
        open_to_him = (each for each in self.offers if each.refusal is None)
        return next((each for each in open_to_him if each.product.uid == self.product.data), None)

    def wish(self) -> str:
        """What a price depends on, as it is typed now."""
        declared = ":outside" if self.outside_eu.data else ""
        return f"{self.product.data}:{self.quantity.data}:{self.volume_gb.data or ''}{declared}"

    def means(self, offer: Offer) -> list[SelectChoice]:
        """How that offer may be paid for."""
        return [choice for choice in METHODS if choice.value in offer.methods]


class WireForm(FlaskForm):
    received_on = DayField(_l("Reçu le"), [InputRequired(_l("Indiquez la date du relevé."))])
    amount = StringField(_l("Montant reçu"), [InputRequired(_l("Indiquez le montant du relevé."))])
    reference = StringField(
        _l("Référence bancaire"), [InputRequired(_l("Indiquez la référence du relevé.")), Length(max=140)]
    )

    def validate_amount(self, field: StringField) -> None:
        try:
            self.amount_cents = parse_euros(field.data)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from refusal


class TerminationForm(NoticeForm):
    sent_on = DayField(_l("Résiliation envoyée le"), [InputRequired(_l("Indiquez la date d'envoi."))])

    def notice(self) -> Notice:
        day: date = self.sent_on.data
        return self.notice_on(day)
