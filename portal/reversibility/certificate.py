"""The certificate of erasure (certificat d'effacement), sealed by the provider."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from portal.clock import PARIS
from portal.engine.port import Destroyed
from portal.i18n import size
from portal.journal import SYSTEM
from portal.papers import Seal
from portal.pdf.document import Party
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import LegalEntity
from portal.reversibility.choosing import HandoverChoice
from portal.reversibility.models import Reason, ReversibilityCase


def erasure_certificate(
    case: ReversibilityCase, entity: LegalEntity, destroyed: Destroyed, number: str, at: datetime
) -> tuple[Draft, Seal]:
    """What was destroyed, when, at whose request, and what is kept. To be sealed with the time ``at``."""
    language = case.customer.language
    with force_locale(language):
        draft = _head(case, entity, number, at, language, _("Certificat d'effacement"))
        draft.fields(_destroyed(case, destroyed, language), label_mm=58)
        draft.heading(_("Décisions"))
        draft.fields(_decisions(case, language), label_mm=58)
        draft.heading(_("Ce qui est conservé, et pourquoi"))
        for text in _kept():
            draft.text(text)
        draft.heading(_("Méthode"))
        draft.text(
            _(
                "Les clés de chiffrement du dépôt ont été supprimées d'abord, puis tous les objets, et "
                "l'absence de tout objet a été vérifiée. L'empreinte ci-dessus est celle de la liste triée "
                "des noms des objets, un par ligne ; chaque nom est l'empreinte du contenu chiffré."
            )
        )
        reason = _("Certificat d'effacement %(number)s", number=number)
    return draft, Seal(reason, at)


def return_certificate(
    case: ReversibilityCase, entity: LegalEntity, number: str, at: datetime
) -> tuple[Draft, Seal]:
    """That the data were handed back, what exactly, and how it ended. To be sealed with the time ``at``."""
    language = case.customer.language
    with force_locale(language):
        draft = _head(case, entity, number, at, language, _("Certificat de restitution"))
        draft.fields(_returned(case, language), label_mm=58)
        if (choice := case.choice) is not None and choice.decisions:
            draft.heading(_("Ce qui a été choisi"))
            for text in _chosen(choice, language):
                draft.text(text)
        if case.older_files or case.older_folders:
            draft.heading(_("Ce qui vient de points plus anciens"))
            draft.fields(_from_older(case), label_mm=58)
        if case.unreadable:
            draft.heading(_("Ce qui n'a pas pu être rendu"))
            for text in _lost(case):
                draft.text(text)
        reason = _("Certificat de restitution %(number)s", number=number)
    return draft, Seal(reason, at)


def _chosen(choice: HandoverChoice, language: str) -> list[str]:
    """What differs from the latest of everything, and at whose word."""
    texts = []
    for group, what, at in choice.decisions:
        if what == "left_out":
            texts.append(_("%(machine)s : non remis", machine=group.label))
        elif what == "also" and at is not None:
            at_words = {"machine": group.label, "at": _when(at, language)}
            texts.append(_("%(machine)s : aussi le point du %(at)s, plus grand", **at_words))
        elif at is not None:
            texts.append(_("%(machine)s : le point du %(at)s", machine=group.label, at=_when(at, language)))
    if choice.chosen_at:
        at_word = _when(choice.chosen_at, language)
        texts.append(_("Choisi par %(who)s, %(at)s.", who=choice.chosen_by, at=at_word))
    if choice.word:
        texts.append(_("Le client a écrit : « %(word)s »", word=choice.word))
    return texts


def _from_older(case: ReversibilityCase) -> list[tuple[str, str]]:
    """The counts of OLDER.csv, which names each with the day of its point."""
    return [
        (_("Des points choisis"), ngettext("un fichier", "%(num)d fichiers", case.latest_files)),
        (_("De points plus anciens"), ngettext("un fichier", "%(num)d fichiers", case.older_files or 0)),
        (
            _("Dont le contenu inconnu de"),
            ngettext("un dossier", "%(num)d dossiers", case.older_folders or 0),
        ),
        (_("Nommés dans"), "OLDER.csv"),
    ]


def _lost(case: ReversibilityCase) -> list[str]:
    """The counts of LOST.csv; a folder that cannot be listed is never given as a number of files."""
    if case.is_sealed:
        return [
            ngettext(
                "Un objet du dépôt était abîmé ; DAMAGED.txt, remis avec la copie, le nomme.",
                "%(num)d objets du dépôt étaient abîmés ; DAMAGED.txt, remis avec la copie, les nomme.",
                case.unreadable or 0,
            )
        ]
    files, folders = case.lost_files, case.unknown_folders or 0
    texts = []
    if files:
        texts.append(
            ngettext(
                "Un fichier du coffre n'a pas pu être rendu ; LOST.csv, remis avec la copie, le nomme.",
                "%(num)d fichiers du coffre n'ont pas pu être rendus ; LOST.csv, remis avec la copie, les "
                "nomme.",
                files,
            )
        )
    if folders:
        texts.append(
            ngettext(
                "Un dossier au contenu inconnu est perdu : sa liste ne se lisait plus ; LOST.csv le nomme.",
                "%(num)d dossiers au contenu inconnu sont perdus : leur liste ne se lisait plus ; LOST.csv "
                "les nomme.",
                folders,
            )
        )
    return texts


def _returned(case: ReversibilityCase, language: str) -> list[tuple[str, str]]:
    assert case.accepted_at is not None and case.delivered_at is not None
    subscription = case.subscription
    silent = case.accepted_by == SYSTEM.label
    accepted = _("silence au terme du délai") if silent else case.accepted_by
    rows = [
        (_("Contrat"), f"{subscription.label} ({', '.join(subscription.terms_versions)})"),
        (_("Référence du contrat"), subscription.uid),
        (_("Coffre"), case.vault.name),
        (_("Demandé par"), f"{case.requested_by}, {_day(case.requested_on, language)}"),
        (_("Remis"), _when(case.delivered_at, language)),
        (_("Forme"), case.form_word),
        (_("Objets") if case.is_sealed else _("Fichiers"), f"{case.files} ({size(case.bytes)})"),
        (_("SHA-256 du manifeste remis"), case.manifest_sha256),
        (_("Accepté"), f"{_when(case.accepted_at, language)}, {accepted}"),
    ]
    if case.shipped_on:
        shipped = f"{case.medium}, {_day(case.shipped_on, language)}, {case.tracking}"
        rows.insert(-1, (_("Envoi sur support"), shipped))
    clauses = [fact.reference for fact in (case.delivery, case.validation) if fact]
    return [*rows, (_("Clauses"), " ; ".join(clauses))] if clauses else rows


def _day(day: date, language: str) -> str:
    return str(format_date(day, "d MMMM y", locale=language))


def _head(
    case: ReversibilityCase, entity: LegalEntity, number: str, at: datetime, language: str, title: str
) -> Draft:
    customer = case.customer
    issuer = Party(entity.name, (entity.street, f"{entity.postcode} {entity.town}", f"SIREN {entity.siren}"))
    lines = [customer.street, f"{customer.postcode} {customer.town}", customer.country]
    if customer.siren:
        lines.append(f"SIREN {customer.siren}")
    register = f"RCS {entity.rcs_town} {entity.siren}"
    return Draft(
        title,
        issuer=issuer,
        recipient=Party(customer.name, tuple(lines)),
        meta=[(_("Numéro"), number), (_("Date"), _when(at, language))],
        legal=[f"{entity.name} · {entity.legal_form} · {register} · {entity.email}"],
        page_label=_("Page {page} sur {pages}"),
        language={"fr": "fr-FR", "en": "en-GB"}[language],
        mark=mark_for(customer.org_path, language),
    )


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
    if case.reason == Reason.UNCLAIMED:
        rows = [(_("Décision"), _("Personne n'a demandé les données dans le délai du contrat."))]
    else:
        rows = [
            (_("Demandé par"), case.requested_by),
            (_("Accepté par"), f"{case.accepted_by}, {_when(case.accepted_at, language)} ; {choice}"),
        ]
    people = filter(None, (case.first_released_by, case.released_by))
    rows.append((_("Effacement ordonné par"), ", ".join(people)))
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
