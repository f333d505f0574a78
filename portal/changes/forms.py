"""What is typed about a change."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice, SelectField, StringField, ValidationError
from wtforms.validators import Length, NumberRange, Optional

from portal.catalogue.models import Method, Product
from portal.changes.lengths import lengths_for
from portal.changes.planning import Wish, editions_for
from portal.errors import Refused
from portal.forms import WholeNumberField, trim
from portal.i18n import said
from portal.linked.one_page import ConsentForm
from portal.money import parse_euros
from portal.subscriptions.changes import ChangeKind
from portal.subscriptions.models import Subscription
from portal.words.choices import METHODS, PLANS

_KINDS = {
    ChangeKind.SEATS: _l("la quantité"),
    ChangeKind.VOLUME: _l("le volume"),
    ChangeKind.PLAN: _l("l'offre"),
    ChangeKind.LENGTH: _l("la durée"),
}
_WHEN = [
    SelectChoice("now", _l("tout de suite")),
    SelectChoice("next", _l("à la prochaine échéance de facturation")),
]


class ChangeForm(FlaskForm):
    kind = RadioField(_l("Ce qui change"))
    quantity = WholeNumberField(
        _l("Nouvelle quantité"), [Optional(), NumberRange(1, 10_000, _l("Entre 1 et 10 000."))]
    )
    volume_gb = WholeNumberField(
        _l("Nouveau volume, en Go"), [Optional(), NumberRange(1, 10**9, _l("Un nombre de Go, au moins 1."))]
    )
    price = StringField(_l("Prix convenu par unité et par période"), [Optional(), Length(max=20)], [trim])
    product = SelectField(_l("Nouvelle offre"), [Optional()], validate_choice=False)
    length = SelectField(_l("Nouvelle durée"), [Optional()], validate_choice=False)
    method = SelectField(_l("Moyen de paiement"), [Optional()], validate_choice=False)
    when = RadioField(_l("À partir de quand"), choices=_WHEN, default="now")
    seen = HiddenField()  # the plan that was on the page
    editions: list[Product]
    lengths: list[Product]
    price_cents: int | None = None

    def validate_price(self, field: StringField) -> None:
        if field.data:
            try:
                self.price_cents = parse_euros(field.data)
            except Refused as refusal:
                raise ValidationError(said(refusal)) from refusal

    def wish(self, *, may_price: bool) -> Wish:
        """may_price: may who asks agree on a price? Of anybody else, what was typed means nothing."""
        kind = ChangeKind(self.kind.data)
        offers, asked = self.editions, self.product.data
        if kind == ChangeKind.LENGTH:
            offers, asked = self.lengths, self.length.data
        means = self.method.data if self.method.data in list(Method) else None
        return Wish(
            kind,
            quantity=self.quantity.data,
            volume_gb=self.volume_gb.data,
            unit_cents=self.price_cents if may_price else None,
            product=next((each for each in offers if each.uid == asked), None),
            at_once=self.when.data != "next",
            method=Method(means) if means and kind == ChangeKind.LENGTH else None,
        )

    @property
    def typed(self) -> dict[str, Any]:
        names = ("kind", "quantity", "volume_gb", "price", "product", "length", "method", "when")
        values = {name: self[name].data for name in names}
        return {name: value for name, value in values.items() if value not in (None, "")}


def change_form(subscription: Subscription, *args: Any, **kwargs: Any) -> ChangeForm:
    """With the kinds of change that this subscription can have."""
    form = ChangeForm(*args, **kwargs)
    form.editions, form.lengths = editions_for(subscription), lengths_for(subscription)
    kinds = [ChangeKind.SEATS]
    if subscription.volume_gb is not None and subscription.gb_month_cents is None:
        kinds.append(ChangeKind.VOLUME)
    if form.editions:
        kinds.append(ChangeKind.PLAN)
    if form.lengths:
        kinds.append(ChangeKind.LENGTH)
    form.kind.choices = [SelectChoice(kind.value, _KINDS[kind]) for kind in kinds]
    form.product.choices = [SelectChoice(each.uid, each.name) for each in form.editions]
    form.length.choices = [
        SelectChoice(each.uid, f"{each.name} ({PLANS[each.plan.value]})") for each in form.lengths
    ]
    form.method.choices = [SelectChoice(each.value, METHODS[each.value]) for each in Method]
    if form.method.data is None:
        form.method.data = (subscription.coming_method or subscription.method).value
    if form.kind.data is None:
        form.kind.data = kinds[0].value
    return form


class SignForm(ConsentForm):
    seen = HiddenField()
