"""Who can open each vault, with its history, and what the customer signed about a lost passphrase."""

from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.db import Tenant, db
from portal.engine.models import Custody, Vault, VaultState
from portal.errors import IllegalStep, Refused
from portal.journal import record
from portal.wording import N_

TEXT_VERSION = "2026-11"
TEXT = (
    N_(
        "Les données du coffre sont chiffrées sur mes machines avec une phrase secrète. Le portail ne la "
        "garde pas, personne ne peut la reconstituer, et aucun procédé ne permet de s'en passer."
    ),
    N_(
        "Si la phrase secrète et sa feuille de secours sont perdues, les données sauvegardées sont perdues, "
        "sans recours, même si les fichiers chiffrés existent encore."
    ),
    N_(
        "Il m'appartient de garder la phrase en lieu sûr, à deux endroits au moins, et de la vérifier une "
        "fois par an."
    ),
)


class CustodyNote(Tenant, db.Model):
    """One line of the register: it is never changed, the next one replaces it."""

    __tablename__ = "custody_note"

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    custody: Mapped[Custody]
    holder: Mapped[str] = mapped_column(String(140), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    since_on: Mapped[date]
    noted_by: Mapped[str] = mapped_column(String(200))


class LossAcknowledgement(Tenant, db.Model):
    """That a lost passphrase means lost data: who signed it, when, from where, which text."""

    __tablename__ = "loss_acknowledgement"
    __table_args__ = (UniqueConstraint("vault_id", "text_version"),)

    vault_id: Mapped[int] = mapped_column(ForeignKey("vault.id"), index=True)
    name: Mapped[str] = mapped_column(String(140))
    function: Mapped[str] = mapped_column(String(140))
    account: Mapped[str] = mapped_column(String(200))  # the account that was signed in
    signed_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    text_version: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)  # as it was shown
    document_uid: Mapped[str] = mapped_column(String(16), default="")


def note_custody(
    vault: Vault, custody: Custody, *, holder: str, email: str, since_on: date, by: Actor
) -> CustodyNote:
    if since_on > clock.today():
        raise Refused(N_("Cette date est dans le futur."))
    if not holder and custody != Custody.UNKNOWN:
        raise Refused(N_("Indiquez qui détient la phrase."))
    _check_active(vault)
    note = CustodyNote(
        organisation=vault.customer.organisation,
        vault_id=vault.id,
        custody=custody,
        holder=holder,
        email=email,
        since_on=since_on,
        noted_by=by.label,
    )
    db.session.add(note)
    record(
        vault,
        "note_custody",
        by=by,
        before=vault.custody,
        after=custody,
        holder=holder,
        email=email,
        since=since_on.isoformat(),
    )
    vault.custody = custody
    return note


def notes_of(vault: Vault) -> list[CustodyNote]:
    """All of them, newest first; the first one counts."""
    query = select(CustodyNote).where(CustodyNote.vault_id == vault.id)
    return list(db.session.scalars(query.order_by(CustodyNote.id.desc())))


def shown_text() -> list[str]:
    """The sentences to sign, in the reader's language."""
    return [str(_(sentence)) for sentence in TEXT]


def acknowledge(vault: Vault, *, name: str, function: str, address: str, by: Actor) -> LossAcknowledgement:
    if acknowledgement_of(vault) is not None:
        raise IllegalStep(N_("Cet avertissement est déjà signé pour ce coffre."))
    _check_active(vault)
    row = LossAcknowledgement(
        organisation=vault.customer.organisation,
        vault_id=vault.id,
        name=name,
        function=function,
        account=by.label,
        signed_at=clock.now(),
        address=address[:45],
        text_version=TEXT_VERSION,
        text="\n".join(shown_text()),
        document_uid="",
    )
    db.session.add(row)
    record(vault, "acknowledge", by=by, version=TEXT_VERSION, address=address[:45])
    return row


def acknowledgement_of(vault: Vault) -> LossAcknowledgement | None:
    """The one of the present text; an older text has to be signed again."""
    query = select(LossAcknowledgement).where(
        LossAcknowledgement.vault_id == vault.id, LossAcknowledgement.text_version == TEXT_VERSION
    )
    return db.session.scalars(query).first()


def _check_active(vault: Vault) -> None:
    if vault.state != VaultState.ACTIVE:
        raise Refused(N_("Ce coffre est effacé."))
