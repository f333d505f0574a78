"""How the interface says no: problem+json (RFC 9457), in the language asked, with a pointer to each field."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, json, make_response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.errors import PortalError
from portal.i18n import said

MEDIA_TYPE = "application/problem+json"
_SAID: dict[int, Any] = {
    400: _l("La demande n'est pas lisible."),
    401: _l("Il manque un jeton valable, dans l'en-tête Authorization."),
    403: _l("Ni ce jeton ni sa personne n'ont ce droit."),
    404: _l("Rien de tel ici."),
    405: _l("Cette adresse ne prend pas cette méthode."),
    406: _l("L'interface répond en JSON."),
    409: _l("L'état présent ne le permet pas."),
    410: _l("Ce document est effacé."),
    413: _l("Le corps de la demande est trop grand."),
    415: _l("Le corps doit être du JSON (application/json)."),
    422: _l("Un champ n'est pas juste."),
    429: _l("Trop de demandes : réessayez plus tard."),
    500: _l("Une erreur est survenue ; la référence aide à la retrouver."),
    503: _l("Occupé : réessayez dans un instant."),
}


class Wrong(PortalError):
    """Fields that are wrong: ``faults`` maps a place to its sentences.

    place: a JSON pointer into the body such as ``#/contacts/billing/email``, or a parameter's name.
    """

    code = "invalid"

    def __init__(
        self, faults: Mapping[str, list[str]], *, status: int = 422, within: str = "pointer"
    ) -> None:
        super().__init__("")
        self.faults, self.status, self.within = faults, status, within


def problem(status: int, code: str = "", detail: str = "", **more: Any) -> Response:
    """One answer; code is stable, detail is a sentence for a person."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or f"http_{status}",
        "detail": detail or str(_SAID.get(status) or _("La demande n'est pas permise.")),
    }
    body |= {name: value for name, value in more.items() if value}
    return make_response(current_app.response_class(json.dumps(body), status=status, mimetype=MEDIA_TYPE))


def speak(status: int, code: str, *, reference: str = "", message: str = "") -> Response:
    """What :mod:`portal.web` answers with here. The English name of a status says no more than the number."""
    return problem(status, code.lower(), reference=reference)


def told(error: PortalError) -> Response:
    """The answer to a refusal."""
    code = str(getattr(error, "code", "refused")).lower()
    if isinstance(error, Wrong):
        errors = [
            {error.within: place, "detail": sentence}
            for place, sentences in error.faults.items()
            for sentence in sentences
        ]
        return problem(error.status, code, errors=errors)
    at = [{"pointer": f"#/{error.field.replace('-', '/')}", "detail": said(error)}] if error.field else []
    response = problem(error.status, code, said(error), errors=at)
    if wait := getattr(error, "retry_after", 0):
        response.headers["Retry-After"] = str(wait)
    return response


def flat(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Nested messages of a schema or a form, each with the way to its field."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            own = path if name in ("_schema", None) else (*path, str(name))
            yield from flat(inner, own)
    elif messages and not isinstance(messages, list | tuple):
        yield path, [str(messages)]  # a sentence that waits for its language
    elif messages:
        if all(isinstance(each, Mapping) for each in messages):
            for number, each in enumerate(messages):
                yield from flat(each, (*path, str(number)))
        else:
            yield path, [str(each) for each in messages]


def pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer as the fragment of an address (RFC 6901)."""
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
