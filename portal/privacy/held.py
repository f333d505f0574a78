"""All that the portal holds about an address, as one file for its person."""

import json
from typing import Any

from sqlalchemy import func, or_, select

from portal import clock
from portal.accounts.models import Organisation, Person, User
from portal.actor import Actor
from portal.blobs import keep
from portal.customers.models import Acceptance, Contact
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import JournalEntry, record
from portal.links import Purpose, make_link
from portal.mail import Mail, link
from portal.privacy.requests import PersonRequest
from portal.sepa.models import Mandate
from portal.wording import N_

FETCH_DAYS = 14
FILE = "person_data"


def held_about(email: str) -> dict[str, list[dict[str, Any]]]:
    """Contacts, accounts, mails, lines of the journal, mandates, accepted terms, requests; by kind.

    email: compared without case. Mails are told without their text, which may carry codes and links.

    Source: regulation (EU) 2016/679, art. 15 and 20.
    """
    email = email.lower()
    with scope(EVERYTHING):
        users = db.session.scalars(select(User).join(Person).where(Person.email == email)).all()
        return {
            "contacts": [_contact(row) for row in _having(Contact, Contact.email, email)],
            "accounts": [_account(row) for row in users],
            "mails": [_mail(row) for row in _having(Mail, Mail.recipient, email)],
            "journal": [_entry(row) for row in _entries(users)],
            "mandates": [_mandate(row) for row in _having(Mandate, Mandate.signer_email, email)],
            "accepted_terms": [_acceptance(row) for row in _accepted(email)],
            "requests": [_asked(row) for row in _having(PersonRequest, PersonRequest.email, email)],
        }


def _having(model: Any, column: Any, email: str) -> list[Any]:
    return list(db.session.scalars(select(model).where(func.lower(column) == email).order_by(model.id)))


def _accepted(email: str) -> list[Acceptance]:
    mine = func.lower(Acceptance.accepted_by).contains(f"({email})", autoescape=True)
    return list(db.session.scalars(select(Acceptance).where(mine).order_by(Acceptance.id)))


def _entries(users: Any) -> list[JournalEntry]:
    if not users:
        return []
    by = JournalEntry.by_user_id.in_([user.id for user in users])
    about = JournalEntry.subject_uid.in_([user.uid for user in users])
    return list(db.session.scalars(select(JournalEntry).where(or_(by, about)).order_by(JournalEntry.id)))


def _at(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


def _contact(row: Contact) -> dict[str, Any]:
    told = {"customer": row.customer.name, "role": row.role, "name": row.name}
    return {**told, "email": row.email, "phone": row.phone}


def _account(row: User) -> dict[str, Any]:
    told = {"name": row.name, "email": row.email, "house": row.organisation.name, "role": row.role}
    return {**told, "language": row.language, "joined_at": _at(row.joined_at), "is_enabled": row.is_enabled}


def _mail(row: Mail) -> dict[str, Any]:
    return {"subject": row.subject, "written_at": _at(row.created_at), "sent_at": _at(row.sent_at)}


def _entry(row: JournalEntry) -> dict[str, Any]:
    told = {"at": _at(row.created_at), "record": row.subject_kind, "event": row.what}
    return {**told, "by": row.by_label}


def _mandate(row: Mandate) -> dict[str, Any]:
    told = {"rum": row.rum, "signer": row.signer_name, "role": row.signer_role, "state": row.state}
    return {**told, "signed_at": _at(row.signed_at), "account": row.iban_masked}


def _acceptance(row: Acceptance) -> dict[str, Any]:
    told = {"document": row.document, "version": row.version, "by": row.accepted_by}
    return {**told, "at": _at(row.accepted_at), "address": row.address}


def _asked(row: PersonRequest) -> dict[str, Any]:
    return {"kind": row.kind, "received_at": _at(row.received_at), "words": row.words}


def send_file(row: PersonRequest, *, by: Actor) -> None:
    """Make her file, and send the link to the address that the request is about, where a code opens it.

    Raises Refused before her identity was checked, for what is no request for a file, and once it is closed.

    Source: regulation (EU) 2016/679, art. 12 (3), 15 (3) and 20.
    """
    row.check_open()
    if not row.asks_for_file:
        raise Refused(N_("Cette demande ne porte pas sur un fichier."))
    if not row.identity_how:
        raise Refused(N_("Notez d'abord comment l'identité a été vérifiée."))
    held = held_about(row.email)
    content = json.dumps(
        {"format": 1, "made_at": clock.now().isoformat(), "email": row.email, "held": held},
        ensure_ascii=False,
        indent=2,
    ).encode()
    with scope(EVERYTHING):
        owner = db.session.get_one(Organisation, _root_of(row))
        row.document = keep(
            content,
            owner=owner,
            subject=row,
            kind=FILE,
            filename=f"donnees-{clock.today()}.json",
            media_type="application/json",
        )
        _row, token = make_link(Purpose.FETCH_EXPORT, row, owner=owner, recipient=row.email, days=FETCH_DAYS)
        row._take("answer", by=by)
        row.answered_at = clock.now()
        words = {"address": link(f"/fetch/{token}"), "days": FETCH_DAYS, "sha256": row.document.sha256}
        row.write("privacy/mail_person_file.txt", **words)
        record(row, "make_file", by=by, sha256=row.document.sha256, rows=sum(map(len, held.values())))


def _root_of(row: PersonRequest) -> int:
    """The provider's house, whom no customer of hers sees: colleagues shall not find the file."""
    root = "/" + row.org_path.strip("/").partition("/")[0] + "/"
    return db.session.scalars(select(Organisation.id).where(Organisation.org_path == root)).one()
