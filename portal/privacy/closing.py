"""The end of a breach, and its log as one sealed paper: what was known, who was told, when, by what."""

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.rules import BREACH_BLOCKS
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_instant
from portal.papers import Seal, promise
from portal.pdf.document import Party
from portal.pdf.draft import Draft
from portal.privacy.models import Breach
from portal.privacy.telling import Told, told_of
from portal.wording import N_

_FRENCH = "fr"  # the log is the house's own
PARTS = {
    "nature": _l("Nature de la violation"),
    "contact": _l("Point de contact"),
    "consequences": _l("Conséquences probables"),
    "measures": _l("Mesures prises ou proposées"),
}
CHANNELS = {"email": _l("e-mail"), "phone": _l("téléphone")}


def close(breach: Breach, why: str, *, by: Actor) -> None:
    """Nothing more is told of it; its log is sealed.

    Raises Refused before it was told, a second time, and, without a reason, while a customer lacks a
    channel of her contract or nobody noted what the authority was told.

    Source: 001-40, 003-58, regulation (EU) 2016/679, art. 33 (5).
    """
    breach.check_live()
    if not why and any(row.missing for row in told_of(breach)):
        raise Refused(
            N_("Un client n'a pas été prévenu par tous les canaux de son contrat : dites pourquoi."),
            field="why",
        )
    if breach.authority_at is None and not breach.authority_why:
        raise Refused(
            N_("Notez d'abord la notification à l'autorité, ou pourquoi elle n'est pas saisie."), field="why"
        )
    breach._take("close", by=by, reason=why)
    _end(breach, why)


def drop(breach: Breach, why: str, *, by: Actor) -> None:
    """It is not told, for a reason; documented all the same. Raises Refused without one, or a second time.

    Source: regulation (EU) 2016/679, art. 33 (1) and (5).
    """
    breach.check_live()
    if not why:
        raise Refused(N_("Dites pourquoi cette violation n'est pas notifiée."), field="why")
    breach._take("drop", by=by, reason=why)
    _end(breach, why)


def _end(breach: Breach, why: str) -> None:
    breach.why, breach.closed_at = why, clock.now()
    owner = db.session.get_one(Organisation, breach.organisation_id)
    with force_locale(_FRENCH):
        title = _("Journal d'une violation de données personnelles")
        breach.document = promise(
            _draft(breach, owner, title),
            owner=owner,
            subject=breach,
            kind="breach_log",
            filename=f"violation-{clock.paris_day(breach.known_at)}-{breach.uid[:6]}.pdf",
            seal=Seal(title, breach.closed_at),
        )


def _draft(breach: Breach, owner: Organisation, title: str) -> Draft:
    house = Party(owner.name, ())
    draft = Draft(
        title,
        issuer=house,
        recipient=house,
        meta=[
            (_("Découverte"), plain_instant(breach.known_at)),
            (_("Close le"), plain_instant(breach.closed_at)),
        ],
        legal=[owner.name],
        language="fr-FR",
        page_label=_("Page {page} sur {pages}"),
    )
    draft.text(breach.name)
    told = plain_instant(breach.authority_at) if breach.authority_at else _("non saisie")
    draft.fields(
        [
            (_("Autorité de contrôle"), f"{told} {breach.authority_reference}".strip()),
            (_("À notifier avant"), plain_instant(breach.authority_due_at)),
            (_("Motifs"), breach.authority_why or "–"),
            (_("Raison de la clôture"), breach.why or "–"),
        ],
        label_mm=58,
    )
    for update in breach.updates:
        heading = _("Notification n° %(n)s, %(at)s", n=update.number, at=plain_instant(update.created_at))
        draft.heading(f"{heading}, {update.by_label}")
        _parts(draft, update.parts)
    if not breach.updates:
        draft.heading(_("Ce qui est connu"))
        _parts(draft, breach.parts)
    for row in told_of(breach):
        draft.heading(row.customer.name)
        draft.fields(_lines(row), label_mm=58)
    return draft


def _parts(draft: Draft, parts: dict[str, str]) -> None:
    for name in BREACH_BLOCKS:
        draft.text(f"{PARTS[name]} : {parts[name] or '–'}")


def _lines(row: Told) -> list[tuple[str, str]]:
    due = plain_instant(row.duty.due_at) if row.duty.due_at else _("sans retard indu")
    lines = [(_("À prévenir avant"), f"{due} ({', '.join(row.duty.clauses) or 'RGPD, art. 33'})")]
    for number, mail in row.mails:
        left = plain_instant(mail.sent_at) if mail.sent_at else _("pas encore parti")
        lines.append(
            (_("E-mail n° %(n)s", n=number), f"{mail.recipient}, {left} {mail.server_answer}".strip())
        )
    for call in row.calls:
        met = call.spoken_with if call.is_reached else _("personne n'a répondu")
        lines.append((_("Appel"), f"{plain_instant(call.called_at)}, {met}, {call.by_label}"))
    if row.late:
        lines.append((_("Canal en retard"), ", ".join(str(CHANNELS[name]) for name in row.late)))
    if row.missing:
        lines.append((_("Canal manquant"), ", ".join(str(CHANNELS[name]) for name in row.missing)))
    return lines
