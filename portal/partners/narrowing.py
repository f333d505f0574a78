"""Records that a body or an address names, looked up in the scope of who asks."""

from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import Select

from portal.customers.models import Customer
from portal.db import db
from portal.partners.problems import Wrong


def ref(row: Any) -> dict[str, str]:
    return {"uid": row.uid, "name": row.name}


def named(query: Select[Any], field: str) -> Any:
    """The one row of a scoped query that a field of the body names. Raises Wrong where there is none."""
    row = db.session.scalars(query).one_or_none()
    if row is None:
        raise Wrong({f"#/{field}": [_("Rien de tel ici.")]})
    return row


def of_customer(model: Any, asked: dict[str, Any]) -> Select[Any]:
    """The rows of a model that she may see; those of one customer where the address names one."""
    query: Select[Any] = model.visible_to(g.actor)
    if not (wanted := asked.get("customer")):
        return query
    row = db.session.scalars(Customer.visible_to(g.actor).where(Customer.uid == wanted)).one_or_none()
    if row is None:
        raise Wrong({"customer": [_("Rien de tel ici.")]}, within="parameter")
    return query.where(model.customer_id == row.id)
