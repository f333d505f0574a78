"""The interface described by its own code (OpenAPI 3.1): routes, what they read, what they answer."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import current_app
from flask_smorest import Api
from flask_smorest.spec.plugins import FlaskPlugin
from marshmallow import Schema, fields

from portal.partners.problems import MEDIA_TYPE
from portal.partners.replays import DRY_RUN
from portal.partners.scopes import scope_for
from portal.partners.views import bp

VERSION = "1.0.0"
_WRITES = {"post", "patch", "put", "delete"}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "Your own name for this write: sent again within 24 hours, it is not done again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[\\x21-\\x7e]{1,64}$"},
}
_PREFER = {
    "in": "header",
    "name": "Prefer",
    "required": False,
    "description": f"`{DRY_RUN}`: everything is checked and priced, and nothing is kept. Answers 200.",
    "schema": {"type": "string", "enum": [DRY_RUN]},
}


class FaultOut(Schema):
    pointer = fields.String(metadata={"description": "JSON pointer into the body."})
    parameter = fields.String()
    detail = fields.String(required=True)


class Problem(Schema):
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    reference = fields.String()
    errors = fields.List(fields.Nested(FaultOut))


class _Described(Api):
    """An :class:`flask_smorest.Api` that only describes: routes and refusals are the portal's own."""

    DEFAULT_ERROR_RESPONSE_NAME = ""
    ERROR_SCHEMA = Problem

    def init_app(self, app: Any, *, spec_kwargs: Any = None) -> None:
        self._app = app


def description() -> dict[str, Any]:
    """The document; made once, since the code that it is made of does not change while it runs."""
    return _description()


@cache
def _description() -> dict[str, Any]:
    spec = APISpec(
        "Partners",
        VERSION,
        "3.1.0",
        plugins=[FlaskPlugin(), MarshmallowPlugin()],
        info={
            "description": "Amounts are cents, instants UTC, days days of Paris. Errors are problem+json "
            "(RFC 9457) in French or English, as Accept-Language asks."
        },
        security=[{"token": []}],
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=Problem)
    bp.register_views_in_doc(_Described(), current_app, spec, name=bp.name, parameters=None)
    document: dict[str, Any] = spec.to_dict()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _WRITES | {"get"}:
                _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """What every operation has in common: key, refusals, the scope that it asks for."""
    scope = scope_for(_permissions()[path, method])
    operation["x-scope"] = scope.name
    operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope.name}`.".strip()
    refusals = {"400", "401", "403", "404", "410", "413", "422", "429", "503"}
    if method in _WRITES:
        operation.setdefault("parameters", []).extend([dict(_KEY), dict(_PREFER)])
        refusals |= {"409", "415"}
        done = next(code for code in ("201", "200") if code in operation["responses"])
        operation["responses"].setdefault("200", operation["responses"][done])
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for status in sorted(refusals):
        operation["responses"][status] = {"description": "Refused", "content": {MEDIA_TYPE: problem}}


def _permissions() -> dict[tuple[str, str], Any]:
    """What each operation asks for."""
    found = {}
    for rule in current_app.url_map.iter_rules():
        permission = getattr(current_app.view_functions[rule.endpoint], "permission", None)
        if rule.rule.startswith(str(bp.url_prefix)) and permission is not None:
            for method in rule.methods or ():
                found[FlaskPlugin.flaskpath2openapi(rule.rule), method.lower()] = permission
    return found
