"""What comes in: bodies, parameters and cursors, each read whole or refused with the place of its fault."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

from flask import current_app, g, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import ValidationError
from sqlalchemy import Select
from webargs.flaskparser import FlaskParser

from portal.paging import chunk_of
from portal.partners.problems import Wrong, flat, pointer

_DEEPEST = 20  # levels of a body
_BREAKS = "\n\r\t"  # signs that a text of several lines may have
SIZE, MOST = 50, 200  # rows of a page


class NotRead(Wrong):
    code = "unreadable"


class NotJson(Wrong):
    code = "not_json"


class Parser(FlaskParser):
    """Of flask-smorest, with refusals of this interface in the place of its own."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar = {}  # as each schema says

    def load_json(self, req: Any, schema: Any) -> Any:
        if not req.is_json:
            raise NotJson({}, status=415)
        try:
            body = json.loads(req.get_data(cache=True), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise NotRead({"#": [_("Ce n'est pas du JSON lisible.")]}, status=400) from None
        if faults := dict(_faults(body)):
            raise Wrong(faults)
        return body

    def load_querystring(self, req: Any, schema: Any) -> Any:
        """Each parameter once: of two, nobody knows which one was meant."""
        twice = [name for name, values in req.args.lists() if len(values) > 1]
        if twice:
            raise Wrong({name: [_("Ce paramètre vient deux fois.")] for name in twice}, within="parameter")
        return req.args.to_dict()

    def handle_error(
        self, error: ValidationError, req: Any, schema: Any, *, error_status_code: Any, error_headers: Any
    ) -> NoReturn:
        place, messages = next(iter(error.normalized_messages().items()))
        if place == "json":
            faults = {pointer(path): sentences for path, sentences in flat(messages)}
            raise Wrong(faults) from error
        raise Wrong({".".join(path): said for path, said in flat(messages)}, within="parameter") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _faults(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Signs that are no text: NUL and its kind, halves of a surrogate; and brackets without end."""
    if len(path) > _DEEPEST:
        yield pointer(path[:_DEEPEST]), [_("Trop de niveaux.")]
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _faults(name, path)
            yield from _faults(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _faults(inner, (*path, str(number)))
    elif isinstance(value, str) and any(map(_is_no_text, value)):
        yield pointer(tuple(map(_shown, path))), [_("Ce texte contient des signes qui n'en sont pas.")]


def _is_no_text(sign: str) -> bool:
    return sign not in _BREAKS and unicodedata.category(sign) in {"Cc", "Cs"}


def _shown(name: str) -> str:
    return name.encode(errors="replace").decode()


def _signer() -> URLSafeSerializer:
    """A cursor counts for one person, at one address with its filters."""
    filters = sorted((name, value) for name, value in request.args.items() if name not in ("cursor", "limit"))
    salt = f"partner-cursor:{g.actor.uid}:{request.path}:{filters}"
    return URLSafeSerializer(current_app.secret_key or "", salt=salt)


def page_after(query: Select[Any], key: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Rows in the order in which they came into being, from behind the cursor on; the next cursor, or None.

    A row that is added meanwhile comes at the end, so that no page repeats or misses one.
    Raises Wrong for a cursor that is none, or another person's, or another list's.
    """
    size = asked.get("limit") or SIZE
    if cursor := asked.get("cursor"):
        query = query.where(key > _opened(cursor))
    found = chunk_of(query.order_by(None).order_by(key), size + 1)
    more = len(found) > size
    return {"rows": found[:size], "next_cursor": _signer().dumps(found[size - 1].id) if more else None}


def _opened(cursor: str) -> int:
    try:
        return int(_signer().loads(cursor))
    except (BadSignature, ValueError, TypeError):
        said = _("Ce curseur n'est pas de cette liste, ou pas de vous : reprenez sans curseur.")
        raise Wrong({"cursor": [said]}, within="parameter") from None
