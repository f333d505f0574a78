"""The pack of evidence of a customer and month: what was backed up, verified, restored; who holds the key.

Commission Implementing Regulation (EU) 2024/2690, annex 4.2, asks this of who backs up for others.
"""

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_datetime
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.assurance.drills import DrillKind, last_drill
from portal.assurance.models import EvidencePack, VerificationState, last_verification
from portal.backups.anomalies import BackupAnomaly
from portal.backups.health import Outcome
from portal.backups.models import BackupRun, Machine, machines_of
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.clock import PARIS
from portal.custody.register import notes_of
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.i18n import size
from portal.papers import Seal, promise
from portal.pdf.document import Column
from portal.pdf.draft import Draft
from portal.provisioning.models import home_of
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import issuer_for
from portal.restore_requests.models import RestoreRequest
from portal.words.choices import CUSTODIES


def make_pack(customer: Customer, month: date) -> EvidencePack:
    """Freeze and seal the pack of a month that is over; there is one of each.

    month: its first day (Paris).
    """
    found = db.session.scalars(
        select(EvidencePack).where(EvidencePack.customer_id == customer.id, EvidencePack.month == month)
    ).one_or_none()
    if found is not None:
        return found
    pack = EvidencePack(organisation=customer.organisation, customer=customer, month=month)
    with force_locale(customer.language):
        title = _("Preuves de sauvegarde, %(month)s", month=format_date(month, "LLLL y", customer.language))
        pack.document = promise(
            _draft(customer, month, title),
            owner=customer.organisation,
            subject=customer,
            kind="evidence_pack",
            filename=f"preuves-{month:%Y-%m}.pdf",
            seal=Seal(title, clock.now()),
        )
    db.session.add(pack)
    return pack


def bounds_of(month: date) -> tuple[datetime, datetime]:
    """The first instant of a month in Paris, and the first behind it."""
    after = (month + timedelta(days=32)).replace(day=1)
    return _midnight(month), _midnight(after)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)


def _draft(customer: Customer, month: date, title: str) -> Draft:
    language = customer.language
    parties = parties_of(customer, issuer_for(customer))
    draft = Draft(
        title,
        issuer=party(parties["issuer"]),
        recipient=party(parties["buyer"]),
        meta=[
            (_("Mois"), format_date(month, "LLLL y", language)),
            (_("Établi le"), _day(clock.now(), language)),
        ],
        legal=mentions(parties["issuer"]),
        language={"fr": "fr-FR", "en": "en-GB"}[language],
        page_label=_("Page {page} sur {pages}"),
        mark=mark_for(customer.org_path, language),
    )
    _since, before = bounds_of(month)
    vaults = select(Vault).where(Vault.customer_id == customer.id, Vault.created_at < before)
    for vault in db.session.scalars(vaults.order_by(Vault.id)):
        if vault.state == VaultState.ACTIVE:
            draft.heading(_("Coffre « %(name)s »", name=vault.name))
            draft.fields(facts_of(vault, month, language), label_mm=58)
            _machines(draft, vault, month, language)
    return draft


def facts_of(vault: Vault, month: date, language: str) -> list[tuple[str, str]]:
    """Place, custody, size, what was verified and restored before the end of a month (its first day)."""
    home = home_of(vault)
    store = home.store if home else None
    place = f"{store.operator}, {store.place} ({store.state})" if store else _("dépôt rattaché à la main")
    days = home.immutable_days if home else None
    kept = _("%(n)d jours sans effacement possible", n=days) if days else _("non, ou pas connue")
    notes = notes_of(vault)
    holder = str(CUSTODIES[vault.custody.value])
    if notes and notes[0].holder:
        holder = f"{holder} : {notes[0].holder}"
    return [
        (_("Lieu"), place),
        (_("Immuabilité"), kept),
        (_("Clé de déchiffrement"), holder),
        (_("Stocké"), size(vault.bytes_stored or 0)),
        (_("Contrôle des empreintes"), _verified(vault, month, language)),
        (_("Dernière restauration vérifiée"), _restored(vault, month, language)),
        (_("Dernier essai de restauration"), _drilled(vault, month, language)),
    ]


def _verified(vault: Vault, month: date, language: str) -> str:
    """Never later than the month, so that the same pack says the same whenever it is made."""
    row = last_verification(vault, bounds_of(month)[1])
    if row is None or row.ended_at is None:
        return _("pas encore")
    if row.state == VerificationState.UNREADABLE:
        return _("%(day)s : le magasin n'a pas pu être lu", day=_day(row.ended_at, language))
    if row.damaged:
        return _("%(day)s : %(n)d objets abîmés", day=_day(row.ended_at, language), n=row.damaged)
    told = {"day": _day(row.ended_at, language), "n": row.objects, "size": size(row.bytes_read)}
    return _("%(day)s : %(n)d objets relus (%(size)s), tous intacts", **told)


def _restored(vault: Vault, month: date, language: str) -> str:
    query = select(RestoreRequest).where(
        RestoreRequest.vault_id == vault.id, RestoreRequest.checked_at < bounds_of(month)[1]
    )
    row = db.session.scalars(query.order_by(RestoreRequest.checked_at.desc())).first()
    if row is None or row.checked_at is None:
        return _("aucune")
    told = {"day": _day(row.checked_at, language), "n": row.files or 1, "who": row.checked_by}
    return _("%(day)s : %(n)d fichiers, vérifiés avec %(who)s", **told)


def _drilled(vault: Vault, month: date, language: str) -> str:
    row = last_drill(vault, DrillKind.RESTORE, bounds_of(month)[1])
    if row is None or row.ended_at is None:
        return _("aucun")
    if row.fault:
        return _("%(day)s : échoué", day=_day(row.ended_at, language))
    told = {"day": _day(row.ended_at, language), "ms": row.millis or 0, "digest": row.sha256[:16]}
    return _("%(day)s : un fichier tiré au sort, en %(ms)d ms, SHA-256 %(digest)s…", **told)


def _machines(draft: Draft, vault: Vault, month: date, language: str) -> None:
    rows = [_line(machine, month, language) for machine in machines_of(vault)]
    if not rows:
        draft.text(_("Aucune machine ne rend compte de ses sauvegardes dans ce coffre."))
        return
    columns = [
        Column(_("Machine"), 46),
        Column(_("Dernière bonne sauvegarde du mois"), 56),
        Column(_("Bonnes"), 20),
        Column(_("Échouées"), 20),
        Column(_("Anomalies"), 24),
    ]
    draft.line_table(columns, rows)


def _line(machine: Machine, month: date, language: str) -> list[str]:
    since, before = bounds_of(month)
    runs = (BackupRun.machine_id == machine.id, BackupRun.ended_at >= since, BackupRun.ended_at < before)
    good = (*runs, BackupRun.outcome != Outcome.FAILED)
    last = db.session.scalar(select(func.max(BackupRun.ended_at)).where(*good))
    odd = (BackupAnomaly.machine_id == machine.id, BackupAnomaly.created_at >= since)
    counts = [
        select(func.count(BackupRun.id)).where(*good),
        select(func.count(BackupRun.id)).where(*runs, BackupRun.outcome == Outcome.FAILED),
        select(func.count(BackupAnomaly.id)).where(*odd, BackupAnomaly.created_at < before),
    ]
    newest = instant_words(last, language) if last else _("aucune")
    return [machine.name, newest, *(str(db.session.scalar(count) or 0) for count in counts)]


def _day(at: datetime, language: str) -> str:
    return str(format_date(clock.paris_day(at), "d MMMM y", locale=language))


def instant_words(at: datetime, language: str) -> str:
    """An instant in Paris, short."""
    return str(format_datetime(at.astimezone(PARIS), "d MMM y, HH:mm", locale=language))
