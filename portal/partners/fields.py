"""The fields of what comes in and goes out, with the sentences that say what is wrong with one.

What comes in refuses fields that it does not know. Amounts are whole cents with their currency, instants are
UTC in ISO 8601, days are days of Paris.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import RAISE, Schema, fields, missing, validate

_NO_NUL = r"^[^\x00]*$"  # no database keeps it in a text
UID = "^[a-z2-7]{16}$"
_REQUIRED = {"required": _l("Ce champ manque."), "null": _l("Ce champ ne peut pas être vide.")}


class Incoming(Schema):
    error_messages = {"unknown": _l("Champ inconnu."), "type": _l("Un objet est attendu.")}

    class Meta:
        unknown = RAISE


class Text(fields.String):
    default_error_messages = {**_REQUIRED, "invalid": _l("Un texte est attendu.")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):  # bytes are no JSON
            raise self.make_error("invalid")
        return value


class Whole(fields.Integer):
    default_error_messages = {
        **_REQUIRED,
        "invalid": _l("Un nombre entier est attendu."),
        "too_large": _l("Ce nombre est trop grand."),
    }


class Flag(fields.Boolean):
    default_error_messages = {**_REQUIRED, "invalid": _l("« true » ou « false » est attendu.")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Day(fields.Date):
    default_error_messages = {
        **_REQUIRED,
        "invalid": _l("Un jour est attendu, comme 2026-11-30."),
        "format": _l("Un jour est attendu, comme 2026-11-30."),
    }


class Instant(fields.DateTime):
    """Going out only."""

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return (
            None
            if value is None
            else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        )


class Part(fields.Nested):
    default_error_messages = {**_REQUIRED, "type": _l("Un objet est attendu.")}


def text(length: int, *, least: int = 0, **more: Any) -> Text:
    """Of at most so many characters."""
    said = _l("De {min} à {max} caractères.") if least else _l("{max} caractères au plus.")
    size = validate.Length(min=least or None, max=length, error=said)
    no_nul = validate.Regexp(_NO_NUL, error=_l("Le signe NUL n'est pas permis."))
    return Text(validate=[size, no_nul], **more)


def whole(low: int, high: int, **more: Any) -> Whole:
    return Whole(
        strict=True, validate=validate.Range(low, high, error=_l("Un nombre de {min} à {max}.")), **more
    )


def choice(values: Any, **more: Any) -> Text:
    names = [str(getattr(each, "value", each)) for each in values]
    return Text(validate=validate.OneOf(names, error=_l("Un de ces mots : {choices}.")), **more)


def uid(**more: Any) -> Text:
    return Text(validate=validate.Regexp(UID, error=_l("Un identifiant a 16 signes, a-z et 2-7.")), **more)


class Asked(Schema):
    """Parameters of a list."""

    error_messages = {"unknown": _l("Paramètre inconnu.")}

    cursor = text(600, least=1, metadata={"description": "Where the page before ended: its next_cursor."})
    limit = Whole(validate=validate.Range(1, 200, error=_l("Un nombre de {min} à {max}.")))

    class Meta:
        unknown = RAISE


class OfCustomer(Asked):
    customer = uid(metadata={"description": "Only of this customer."})


class Outgoing(Schema):
    """What an answer says; a page of it has hundreds of fields, so how each is written is asked once."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        is_list = self.many if many is None else many
        return [self._written(each) for each in obj] if is_list else self._written(obj)

    def _written(self, obj: Any) -> dict[str, Any]:
        """From a mapping or an object; what it does not have is left out."""
        get = obj.get if isinstance(obj, dict) else partial(getattr, obj)
        found = ((name, get(name, missing), write) for name, write in self._ways)
        return {
            name: value if value is None or write is None else write(value)
            for name, value, write in found
            if value is not missing
        }

    @cached_property
    def _ways(self) -> list[tuple[str, Callable[[Any], Any] | None]]:
        return [(name, _way_of(field)) for name, field in self.dump_fields.items()]


def _way_of(field: fields.Field[Any]) -> Callable[[Any], Any] | None:
    """How a value that is there is written; None: as it is."""
    match field:
        case fields.Nested():
            return partial(field.schema.dump, many=field.many)
        case fields.List():
            inner = _way_of(field.inner)
            return list if inner is None else lambda values: [inner(value) for value in values]
        case fields.Boolean():
            return None
        case fields.String():
            return str
        case _:
            return lambda value: field._serialize(value, field.name, None)


class Money(Outgoing):
    cents = fields.Integer(required=True)
    currency = fields.String(required=True, metadata={"enum": ["EUR"]})


class Ref(Outgoing):
    uid = fields.String(required=True)
    name = fields.String(required=True)


def money(cents: int | None) -> dict[str, Any] | None:
    return None if cents is None else {"cents": cents, "currency": "EUR"}


def listed(name: str, schema: type[Schema]) -> type[Schema]:
    """One page of a list: ``data`` and ``next_cursor``."""
    return type(
        f"{name}Page",
        (Outgoing,),
        {
            "data": fields.List(fields.Nested(schema), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
        },
    )
