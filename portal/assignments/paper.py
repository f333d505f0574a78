"""The deed of an assignment, sealed: both requests, the provider's consent, the day and what passes."""

from flask_babel import gettext as _

from portal import clock
from portal.assignments.models import ContractAssignment, Side
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.customers.models import Customer
from portal.i18n import plain_day
from portal.pdf.document import Document, Party
from portal.resellers.brand_paper import drawn, mark_for
from portal.wording import N_


def deed_pdf(row: ContractAssignment) -> bytes:
    """In the present language.

    Source: 004-44; C. civ. 1216 (in writing), 1216-1 (who is freed), 1216-2.
    """
    subscription, language = row.subscription, row.transferor.language
    document = Document(
        N_("Cession de contrat"),
        issuer=Party(row.organisation.name),
        legal=(f"{_('Contrat')} : {subscription.terms.label}",),
        mark=drawn(mark_for(row.transferor.org_path, language)),
    )
    document.fields(
        [
            (_("Cédant"), _named(row.transferor)),
            (_("Cessionnaire"), _named(row.transferee)),
            (_("Abonnement"), subscription.label),
            (_("En cours depuis le"), plain_day(subscription.started_on)),
            (_("Passe au cessionnaire le"), plain_day(row.effective_on)),
            *[
                (_("Avenant"), f"{each.label}, {plain_day(each.effective_on)}")
                for each in subscription.amendments
            ],
            (_("Cédant pour la suite"), frees_text(row.frees)),
        ],
        label_mm=55,
    )
    for side, title in (
        (Side.TRANSFEROR, _("Demande du cédant")),
        (Side.TRANSFEREE, _("Demande du cessionnaire")),
    ):
        said = row.consents.get(side, {})
        document.heading(title)
        document.fields(
            [
                (_("Signé par un code"), f"{said.get('name', '')} ({said.get('address', '')})"),
                (_("Instant (UTC)"), said.get("at", "")),
                (_("Adresse IP"), said.get("ip", "")),
                (_("Navigateur"), said.get("user_agent", "")),
            ],
            label_mm=55,
        )
    document.heading(_("Accord du prestataire"))
    decided = row.decided_at.isoformat(timespec="seconds") if row.decided_at else ""
    document.fields([(_("Donné par"), row.decided_by), (_("Instant (UTC)"), decided)], label_mm=55)
    ring = keyring()
    return seal_pdf(
        document.build(),
        key_pem=ring.seal_key_pem,
        cert_pem=ring.seal_certificate_pem,
        reason=f"Cession {row.uid}",
        at=clock.now(),
    )


def _named(customer: Customer) -> str:
    siren = f", SIREN {customer.siren}" if customer.siren else ""
    return f"{customer.name}{siren}, {customer.street}, {customer.postcode} {customer.town}"


def frees_text(frees: bool) -> str:
    """What the provider said of the transferor's later debts. Source: C. civ. 1216-1."""
    if frees:
        return _("libéré de ce qui naît à partir de ce jour (C. civ. 1216-1)")
    return _("reste tenu, à côté du cessionnaire, de ce qui naît à partir de ce jour (C. civ. 1216-1)")
