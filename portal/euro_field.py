"""A form field for an amount: typed in euros as people write them, read in cents."""

from typing import Any

from flask_babel import gettext as _
from wtforms import StringField

from portal.errors import Refused
from portal.i18n import eur, said
from portal.money import euros, parse_euros


class EuroField(StringField):
    """``data`` is in cents, or None when what was typed is no amount; low and high too, both allowed."""

    def __init__(self, label: Any, validators: Any = None, *, low: int = 0, high: int = 10**12, **kw: Any):
        kw.setdefault("render_kw", {"inputmode": "decimal", "maxlength": 24})
        super().__init__(label, validators, **kw)
        self._low, self._high = low, high

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return  # not on the form that was sent: the default stays
        self.data = None
        try:
            cents = parse_euros(valuelist[0])
        except Refused as refusal:
            raise ValueError(said(refusal)) from None
        if not self._low <= cents <= self._high:
            raise ValueError(_("Un montant de %(low)s à %(high)s.", low=eur(self._low), high=eur(self._high)))
        self.data = cents

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return str(euros(self.data)).replace(".", ",") if self.data is not None else ""
