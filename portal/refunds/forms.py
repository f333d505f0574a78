"""What is typed about the account of a refund: by finance, or by the customer herself."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.errors import Refused
from portal.forms import DayField, trim
from portal.i18n import said
from portal.refunds.accounts import Payer
from portal.sepa.fields import read_text
from portal.sepa.formats.iban import parse_iban

_TYPED_AS_IS = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class AccountForm(FlaskForm):
    iban = StringField(
        _l("IBAN du client"),
        [InputRequired(_l("Indiquez l'IBAN.")), Length(max=60)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    holder = StringField(_l("Titulaire"), [InputRequired(_l("Indiquez le titulaire.")), Length(max=70)])


class OwnAccountForm(FlaskForm):
    """What the customer types; where her payment told an account, nothing typed is that one."""

    iban = StringField(
        _l("IBAN du compte à créditer"),
        [Length(max=60, message=_l("Cet IBAN est trop long."))],
        render_kw=_TYPED_AS_IS,
    )
    holder = read_text(
        _l("Titulaire du compte"), _l("Indiquez le titulaire du compte."), 70, autocomplete="name"
    )

    def __init__(self, *args: Any, payer: Payer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payer = payer

    def validate_iban(self, field: StringField) -> None:
        typed = (field.data or "").replace("\0", "")
        if self.payer and not typed.strip():
            field.data = self.payer.iban
            return
        try:
            field.data = parse_iban(typed)
        except Refused as refusal:
            raise ValidationError(said(refusal)) from None


class PayerForm(FlaskForm):
    agreed = BooleanField(_l("Le titulaire porte un autre nom que le client : ce compte est bien le bon"))


class ReturnForm(FlaskForm):
    note = StringField(
        _l("Réponse de la banque"),
        [InputRequired(_l("Dites ce que la banque a répondu.")), Length(max=200)],
        filters=[trim],
    )
    is_account = BooleanField(_l("Le compte est en cause : en demander un autre au client"))


class SetOffForm(FlaskForm):
    invoice = SelectField(_l("Facture à payer"))
    consent = StringField(
        _l("Accord du client"),
        [InputRequired(_l("Dites comment le client a donné son accord.")), Length(max=200)],
    )


class SentForm(FlaskForm):
    on = DayField(_l("Remis à la banque le"), [InputRequired(_l("Indiquez le jour."))])
