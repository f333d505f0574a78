"""The acknowledgement of loss as a sealed PDF."""

from babel.dates import format_datetime
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal.blobs import Document as Stored
from portal.blobs import keep
from portal.clock import PARIS
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.custody.register import LossAcknowledgement
from portal.db import db
from portal.engine.models import Vault
from portal.pdf.document import Document, Party
from portal.resellers.brand_paper import drawn, mark_for
from portal.resellers.models import LegalEntity, issuer_for
from portal.subscriptions.models import Subscription


def keep_paper(vault: Vault, row: LossAcknowledgement) -> Stored:
    """Make, seal and store the paper of a fresh acknowledgement."""
    document = keep(
        acknowledgement_pdf(vault, row, _entity_of(vault)),
        owner=vault.customer.organisation,
        subject=vault,
        kind="acknowledgement",
        filename=f"avertissement-{vault.uid}.pdf",
        media_type="application/pdf",
    )
    row.document_uid = document.uid
    return document


def acknowledgement_pdf(vault: Vault, row: LossAcknowledgement, entity: LegalEntity) -> bytes:
    """Who signed which text, when and from where. Sealed at the instant of the signature."""
    language, customer = vault.customer.language, vault.customer
    with force_locale(language):
        at = format_datetime(row.signed_at.astimezone(PARIS), "d MMMM y, HH:mm:ss z", locale=language)
        document = Document(
            _("Avertissement sur la perte de la phrase secrète"),
            issuer=Party(entity.name, (entity.street, f"{entity.postcode} {entity.town}")),
            recipient=Party(customer.name, (customer.street, f"{customer.postcode} {customer.town}")),
            meta=[(_("Coffre"), vault.name), (_("Date"), at)],
            legal=[f"{entity.name} · {entity.legal_form} · SIREN {entity.siren} · {entity.email}"],
            page_label=_("Page {page} sur {pages}"),
            language={"fr": "fr-FR", "en": "en-GB"}[language],
            mark=drawn(mark_for(vault.org_path, language)),
        )
        document.box(row.text.split("\n"))
        document.fields(
            [
                (_("Signé par"), f"{row.name}, {row.function}"),
                (_("Compte"), row.account),
                (_("Le"), at),
                (_("Depuis l'adresse"), row.address),
                (_("Texte"), row.text_version),
                (_("Référence du coffre"), vault.uid),
            ]
        )
        reason = _("Avertissement sur la perte de la phrase secrète")
        built = document.build()
    ring = keyring()
    return seal_pdf(
        built, key_pem=ring.seal_key_pem, cert_pem=ring.seal_certificate_pem, reason=reason, at=row.signed_at
    )


def _entity_of(vault: Vault) -> LegalEntity:
    """Who invoices the vault's subscription; without one, who would invoice its customer."""
    query = select(Subscription).where(Subscription.uid == vault.subscription_uid)
    subscription = db.session.scalars(query).one_or_none()
    return subscription.legal_entity if subscription is not None else issuer_for(vault.customer)
