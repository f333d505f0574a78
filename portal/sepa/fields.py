"""Fields of what is typed about debits: texts that a bank can carry."""

from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import DataRequired, ValidationError

from portal.sepa.formats.latin import has_letters, to_latin


def tidy(value: str | None) -> str:
    return " ".join((value or "").replace("\0", "").split())


def read_text(label: Any, missing: Any, longest: int, **kw: Any) -> StringField:
    return StringField(label, [DataRequired(missing), _Readable(longest)], filters=[tidy], render_kw=kw)


class _Readable:
    """Fits the bank file once reduced to the characters that banks carry."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, form: Any, field: Any) -> None:
        latin = to_latin(field.data)
        if not has_letters(latin):
            raise ValidationError(_("Écrivez en lettres latines : la banque n'en lit pas d'autres."))
        if max(len(latin), len(field.data)) > self._longest:
            raise ValidationError(_("%(n)d caractères au plus.", n=self._longest))
