"""A partner's system, as a small client."""

import itertools
from typing import Any

from flask import Flask

from portal.accounts.models import User
from portal.db import db
from portal.partners.scopes import scopes_of
from portal.partners.tokens import make_token

V1 = "/api/partner/v1"
_KEYS = itertools.count()


def a_token(user: User, scopes: list[str] | None = None, days: int = 90) -> str:
    names = [each.name for each in scopes_of(user)] if scopes is None else scopes
    _row, secret = make_token(user, "CRM", names, days, by=user)
    db.session.commit()
    return secret


class Partner:
    """Asks with a token; every write has a key of its own."""

    def __init__(self, app: Flask, secret: str, language: str = "fr") -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {secret}", "Accept-Language": language}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(V1 + path, headers=self.headers, query_string=query)

    def post(self, path: str, body: Any, key: str = "", method: str = "POST", **more: str) -> Any:
        headers = self.headers | {"Idempotency-Key": key or f"k{next(_KEYS)}"} | more
        return self.client.open(V1 + path, method=method, json=body, headers=headers)


def a_body(**values: Any) -> dict[str, Any]:
    return {
        "name": "Garage Dupont",
        "siren": "404833048",
        "address": {"street": "1 rue du Port", "postcode": "44000", "town": "Nantes"},
        "health_data": False,
        "contacts": {"billing": {"name": "Léa Dupont", "email": "lea@garage.example"}},
    } | values
