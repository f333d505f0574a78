"""What a drill has shown, as a sealed paper; and what the contract allows for an exit."""

from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.assurance.drills import DrillKind, VaultDrill
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.db import db
from portal.engine.models import Vault
from portal.i18n import duration, size
from portal.papers import Seal, promise
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Subscription
from portal.terms.values import Value

_DELAYS = ("reversibility.delivery_business_days", "reversibility.delivery_days")


def allowed_for_exit(vault: Vault) -> Value | None:
    """How long the contract gives for handing the data back; None where it names no time.

    Source: 001-50, 004-30.
    """
    found = (_term(vault, name) for name in _DELAYS)
    return next((value for value in found if value is not None), None)


def excluded_from_plan(vault: Vault) -> Value | None:
    """What the contract says where its price does not include tests of a restore; None where it does.

    Source: 002-11.
    """
    value = _term(vault, "restore.tests_included")
    return value if value is not None and not value.value else None


def includes_drills(vault: Vault) -> bool:
    """Does the price of the contract include tests of a restore? Source: 002-11."""
    value = _term(vault, "restore.tests_included")
    return value is not None and bool(value.value)


def clause_of_drills(vault: Vault) -> Value | None:
    """What the contract says of restores beside its price; None where it is silent.

    Source: 002-11, 004-10.
    """
    return _term(vault, "restore.tests_included") or _term(vault, "restore.free_cause")


def _term(vault: Vault, key: str) -> Value | None:
    query = select(Subscription).where(Subscription.uid == vault.subscription_uid)
    subscription = db.session.scalars(query).one_or_none()
    return subscription.present_terms.find(key) if subscription else None


def allowed_words(allowed: Value | None) -> str:
    if allowed is None:
        return _("le contrat ne fixe pas de délai")
    told = {"n": int(allowed.value), "clause": allowed.reference}
    if allowed.unit == "business_days":
        return _("le contrat donne %(n)d jours ouvrés (%(clause)s)", **told)
    return _("le contrat donne %(n)d jours (%(clause)s)", **told)


def exit_words(drill: VaultDrill) -> str:
    """« Vos 2,1 To prendraient 9 h ; le contrat donne 15 jours ouvrés (001-50, art. 14.1). »"""
    if drill.whole_millis is None or drill.vault_bytes is None:
        return ""
    return _(
        "Au débit mesuré, les %(size)s du coffre prendraient %(time)s ; %(allowed)s.",
        size=size(drill.vault_bytes),
        time=duration(timedelta(milliseconds=drill.whole_millis)),
        allowed=allowed_words(allowed_for_exit(drill.vault)),
    )


def keep_drill_paper(drill: VaultDrill) -> None:
    customer = drill.vault.customer
    with force_locale(customer.language):
        is_exit = drill.kind == DrillKind.EXIT
        title = _("Répétition de sortie") if is_exit else _("Essai de restauration")
        drill.document = promise(
            _draft(drill, title),
            owner=customer.organisation,
            subject=drill,
            kind="vault_drill",
            filename=f"{'sortie' if is_exit else 'restauration'}-{drill.due_on:%Y}-{drill.uid}.pdf",
            seal=Seal(title, clock.now()),
        )


def _draft(drill: VaultDrill, title: str) -> Draft:
    customer = drill.vault.customer
    parties = parties_of(customer, issuer_for(customer))
    draft = Draft(
        title,
        issuer=party(parties["issuer"]),
        recipient=party(parties["buyer"]),
        meta=[(_("Fait le"), f"{clock.today():%d/%m/%Y}"), (_("Coffre"), drill.vault.name)],
        legal=mentions(parties["issuer"]),
        language={"fr": "fr-FR", "en": "en-GB"}[customer.language],
        page_label=_("Page {page} sur {pages}"),
        mark=mark_for(customer.org_path, customer.language),
    )
    draft.fields(_facts(drill), label_mm=58)
    if drill.kind == DrillKind.EXIT:
        draft.text(exit_words(drill))
        draft.text(_("Seul un échantillon est lu : la mesure ne compte ni le transport ni le déchiffrement."))
    else:
        draft.text(_("Ce qui est revenu a été relu, comparé, puis effacé aussitôt du serveur."))
    return draft


def _facts(drill: VaultDrill) -> list[tuple[str, str]]:
    shared = [
        (_("Relu"), size(drill.bytes or 0)),
        (_("Durée"), _("%(n)d ms", n=drill.millis or 0)),
        (_("Tirage"), _("%(seed)s, parmi %(n)d", seed=drill.seed, n=drill.drawn_from or 0)),
        ("SHA-256", drill.sha256),
    ]
    if drill.kind == DrillKind.EXIT:
        return shared
    point = [(_("Fichier"), drill.path), (_("Point de sauvegarde"), drill.snapshot_id[:16])]
    return point + shared + _folder(drill)


def _folder(drill: VaultDrill) -> list[tuple[str, str]]:
    if drill.folder_time_per_gb is None:
        return []
    content = _("%(n)d fichiers, %(size)s", n=drill.folder_files or 0, size=size(drill.folder_bytes or 0))
    return [
        (_("Dossier"), drill.folder),
        (_("Contenu"), content),
        (_("Durée par Go"), duration(drill.folder_time_per_gb)),
        (_("SHA-256 du manifeste"), drill.folder_sha256),
    ]
