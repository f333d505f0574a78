"""The certificate of erasure (certificat d'effacement), sealed by the provider."""

from datetime import datetime

from babel.dates import format_datetime
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.clock import PARIS
from portal.engine.port import Destroyed
from portal.i18n import size
from portal.pdf import Document, Party
from portal.resellers.models import LegalEntity
from portal.reversibility.models import ReversibilityCase
from portal.seals import seal_pdf
from portal.secrets import keyring


def certificate_pdf(
    case: ReversibilityCase, entity: LegalEntity, destroyed: Destroyed, number: str, at: datetime
) -> bytes:
    """What was destroyed, when, at whose request, and what is kept. Sealed at ``at``."""
    language = case.customer.language
    with force_locale(language):
        document = _head(case, entity, number, at, language)
        document.fields(_destroyed(case, destroyed, language), label_mm=58)
        document.heading(_("Décisions"))
        document.fields(_decisions(case, language), label_mm=58)
        document.heading(_("Ce qui est conservé, et pourquoi"))
        for text in _kept():
            document.text(text)
        document.heading(_("Méthode"))
        document.text(
            _("Les clés de chiffrement du dépôt ont été supprimées d'abord, puis tous les objets, et "
              "l'absence de tout objet a été vérifiée. L'empreinte ci-dessus est celle de la liste triée "
              "des noms des objets, un par ligne ; chaque nom est l'empreinte du contenu chiffré.")
        )  # fmt: skip
        reason = _("Certificat d'effacement %(number)s", number=number)
        built = document.build()
    ring = keyring()
    return seal_pdf(
        built, key_pem=ring.seal_key_pem, cert_pem=ring.seal_certificate_pem, reason=reason, at=at
    )


def _head(case: ReversibilityCase, entity: LegalEntity, number: str, at: datetime, language: str) -> Document:
    customer = case.customer
    issuer = Party(entity.name, (entity.street, f"{entity.postcode} {entity.town}", f"SIREN {entity.siren}"))
    lines = [customer.street, f"{customer.postcode} {customer.town}", customer.country]
    if customer.siren:
        lines.append(f"SIREN {customer.siren}")
    register = f"RCS {entity.rcs_town} {entity.siren}"
    return Document(
        _("Certificat d'effacement"), issuer=issuer, recipient=Party(customer.name, tuple(lines)),
        meta=[(_("Numéro"), number), (_("Date"), _when(at, language))],
        legal=[f"{entity.name} · {entity.legal_form} · {register} · {entity.email}"],
        page_label=_("Page {page} sur {pages}"), language={"fr": "fr-FR", "en": "en-GB"}[language],
    )  # fmt: skip


def _destroyed(case: ReversibilityCase, destroyed: Destroyed, language: str) -> list[tuple[str, str]]:
    subscription = case.subscription
    return [
        (_("Contrat"), f"{subscription.label} ({', '.join(subscription.terms_versions)})"),
        (_("Référence du contrat"), subscription.uid),
        (_("Coffre"), case.vault.name),
        (_("Identifiant du dépôt"), case.vault.repository_id or _("jamais ouvert par le portail")),
        (_("Objets détruits"), f"{destroyed.objects} ({size(destroyed.bytes)})"),
        (_("dont clés"), str(destroyed.keys)),
        (_("SHA-256 de la liste des objets"), destroyed.names_sha256),
        (_("Début"), _when(destroyed.started_at, language)),
        (_("Fin"), _when(destroyed.finished_at, language)),
    ]


def _decisions(case: ReversibilityCase, language: str) -> list[tuple[str, str]]:
    assert case.accepted_at is not None
    choice = _("sans attendre la date du contrat") if case.erase_now else _("à la date du contrat")
    rows = [
        (_("Demandé par"), case.requested_by),
        (_("Accepté par"), f"{case.accepted_by}, {_when(case.accepted_at, language)} ; {choice}"),
        (_("Effacement ordonné par"), case.released_by),
    ]
    fact = case.erasure
    if fact is not None:
        rows.append((_("Clauses"), fact.reference))
    if case.manifest_sha256:
        rows.append((_("SHA-256 du manifeste remis"), case.manifest_sha256))
    return rows


def _kept() -> list[str]:
    return [
        _("Les factures et pièces comptables, dix ans (Code de commerce, art. L123-22)."),
        _("Ce certificat, le journal des décisions et l'empreinte des objets, comme preuves."),
        _("Aucune copie du contenu sauvegardé n'est conservée."),
    ]


def _when(at: datetime, language: str) -> str:
    text: str = format_datetime(at.astimezone(PARIS), "d MMMM y, HH:mm:ss z", locale=language)
    return text
