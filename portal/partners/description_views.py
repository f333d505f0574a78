"""The description of the interface, for programs and for people."""

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template

from portal.access import Permission, public, requires
from portal.partners.description import description
from portal.partners.replays import KEPT_FOR
from portal.partners.scopes import BY_NAME
from portal.partners.views import ADDRESS, WINDOW, most_calls
from portal.partners.words import words_of

machine_bp = Blueprint("partner_description", __name__, url_prefix=ADDRESS)
bp = Blueprint("partner_guide", __name__)


@machine_bp.get("/openapi.json")
@public("it says what may be asked, and names nobody")
def show() -> Response:
    """OpenAPI 3.1 of the interface."""
    return jsonify(description())


@bp.get("/account/tokens/interface")
@requires(Permission.TOKEN_READ)
def show_page() -> Response:
    page = render_template(
        "partners/interface.html",
        groups=_groups(),
        most=most_calls(),
        window=WINDOW,
        hours=int(KEPT_FOR.total_seconds() // 3600),
        address=ADDRESS,
    )
    return make_response(page)


def _groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """Operations by the first word of their addresses, in the order of the scopes."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                groups.setdefault(path.split("/")[4], []).append(_row(path, method, operation))
    order = list(BY_NAME)
    return sorted(groups.items(), key=lambda each: order.index(each[1][0]["scope"]))


def _row(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "method": method.upper(),
        "path": path,
        "words": words_of(method, path),
        "scope": operation["x-scope"],
        "asked": [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"],
        "fields": _fields(body),
    }


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, kind and whether it is needed, of each field of a body."""
    name = schema.get("$ref", "").rpartition("/")[2]
    known = description()["components"]["schemas"].get(name, {})
    needed = known.get("required", [])
    return [(each, _kind(value), each in needed) for each, value in known.get("properties", {}).items()]


def _kind(value: dict[str, Any]) -> str:
    if "enum" in value:
        return " | ".join(str(each) for each in value["enum"] if each is not None)
    kinds = value.get("type", "object")
    return str(value.get("format") or (kinds if isinstance(kinds, str) else kinds[0]))
