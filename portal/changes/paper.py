"""The text of a signed change of a subscription (avenant), sealed."""

from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.i18n import eur, plain_day
from portal.pdf.document import Document, Party
from portal.resellers.brand_paper import drawn, mark_for
from portal.subscriptions.changes import SubscriptionChange
from portal.subscriptions.models import Subscription
from portal.wording import N_


def amendment_pdf(row: SubscriptionChange, subscription: Subscription, visitor: dict[str, str]) -> bytes:
    """What both agreed to, who signed for the customer, when and from where. In the present language."""
    customer = subscription.customer
    above = customer.organisation.parent
    document = Document(
        N_("Avenant"),
        issuer=Party(above.name if above is not None else customer.name),
        legal=(f"{_('Contrat')} : {subscription.terms.label}",),
        mark=drawn(mark_for(customer.org_path, customer.language)),
    )
    tax = _("TTC") if subscription.includes_vat else _("HT")
    document.fields(
        [
            (_("Client"), customer.name),
            (_("Abonnement"), row.before["product_name"]),
            (_("Avant"), _state(row.before, tax)),
            (_("Après"), _state(row.after, tax)),
            (_("Prend effet le"), plain_day(row.effective_on)),
            (_("Périodes commencées, à payer"), f"{eur(row.charge_cents)} {tax}"),
            *_commitment(row),
            (_("Clause"), row.clause),
        ],
        label_mm=55,
    )
    document.heading(_("Signature"))
    signed_at = row.signed_at.isoformat(timespec="seconds") if row.signed_at else ""
    document.fields(
        [
            (_("Pour le client, par un code"), row.signed_by or ""),
            (_("Instant (UTC)"), signed_at),
            (_("Adresse IP"), visitor["ip"]),
            (_("Navigateur"), visitor["user_agent"]),
            (_("Pour le prestataire, à la demande de"), row.created_by),
        ],
        label_mm=55,
    )
    ring = keyring()
    return seal_pdf(
        document.build(),
        key_pem=ring.seal_key_pem,
        cert_pem=ring.seal_certificate_pem,
        reason=f"Avenant {row.uid}",
        at=clock.now(),
    )


def _commitment(row: SubscriptionChange) -> list[tuple[str, str]]:
    if row.committed_until is None:
        return []
    return [(_("Engagement jusqu'au"), plain_day(row.committed_until))]


def _state(kept: dict[str, Any], tax: str) -> str:
    volume = f", {kept['volume_gb']} {_('Go')}" if kept["volume_gb"] else ""
    return f"{kept['quantity']} × {kept['product_name']}{volume}, {eur(kept['unit_cents'])} {tax}"
