"""Changes what an issuer chooses about its invoices, and says what changed."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity

CHOICES = (
    "oss_since",
    "due_follows_debit",
    "wire_tolerance_cents",
    "interim_percent",
    "key_grace_days",
    "quote_days",
)


def change_choices(entity: LegalEntity, values: Mapping[str, Any], *, by: Actor) -> bool:
    """Set :data:`CHOICES`; says whether anything changed. What was issued keeps what it said.

    oss_since: Paris day, or None for the yearly threshold alone. due_follows_debit: where the notice of debit
    (003-50) reaches beyond the contract's due day (003-47), the invoice names the day of the debit.
    wire_tolerance_cents: what may be missing of a wire without being asked for again.
    interim_percent: of the usual month, above which a running one may be billed at once; 0 for never.
    key_grace_days: whole days that keys work after the last paid one, where the contract says nothing.
    quote_days: for which a new quote may be accepted, when nobody says otherwise.
    Raises Refused for a first day that has passed: invoices of that day bear the other VAT already.
    """
    since = values["oss_since"]
    if since is not None and since != entity.oss_since and since < clock.today():
        raise Refused(_("Ce jour est passé : des factures portent déjà l'autre TVA."), field="oss_since")
    before = {name: getattr(entity, name) for name in CHOICES}
    changed = {
        name: [str(before[name]), str(values[name])] for name in CHOICES if before[name] != values[name]
    }
    for name in changed:
        setattr(entity, name, values[name])
    if changed:
        record(entity, "billing_choices", by=by, changed=changed)
    return bool(changed)
