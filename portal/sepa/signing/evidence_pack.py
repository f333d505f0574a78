"""Everything that proves a mandate and its debits, in one archive for the bank or a court.

The same facts give the same bytes: times come from the mandate, names are sorted, nothing says when the
archive was made. A manifest gives the SHA-256 of every other file.
"""

import io
import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import select

from portal.blobs import Document, content_of
from portal.db import db
from portal.mail import Mail
from portal.sepa.mandate_text import BY_VERSION
from portal.sepa.models import Collection, Mandate

_CHUNK = 500


def build_evidence_pack(mandate: Mandate) -> bytes:
    """The archive (ZIP) of one mandate: documents, events with hashes, text, debits, manifest."""
    files = _documents(mandate)
    files["evenements.json"] = _json(_chain(mandate))
    files["prelevements.json"] = _json(_debits(mandate))
    if text := BY_VERSION.get(mandate.text_version):
        words = (text.title, *text.for_creditor(mandate.legal_entity.name), text.note)
        files[f"texte-{text.version}.txt"] = ("\n\n".join(words) + "\n").encode()
    files["MANIFEST.txt"] = _manifest(mandate, files)
    first = mandate.created_at
    stamp = (first.year, first.month, first.day, first.hour, first.minute, first.second)
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = ZipInfo(name, stamp)
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, 0o600 << 16, 3
            archive.writestr(entry, files[name], compresslevel=6)
    return out.getvalue()


def _documents(mandate: Mandate) -> dict[str, bytes]:
    named: list[tuple[str, Document | None]] = [
        ("mandat", mandate.document),
        ("preuve", mandate.proof),
        ("presente", mandate.shown_document),
    ]
    named += [(f"changement-{n}", change.document) for n, change in enumerate(mandate.amendments, 1)]
    found = {}
    for name, document in named:
        if document is not None and not document.erased:
            suffix = document.filename.rpartition(".")[2].lower() or "pdf"
            found[f"{name}.{suffix}"] = content_of(document)
    return found


def _chain(mandate: Mandate) -> dict[str, Any]:
    return {
        "rum": mandate.rum,
        "ics": mandate.legal_entity.ics,
        "envelope": mandate.envelope,
        "head": mandate.evidence_head,
        "broken_at": mandate.broken_link(),
        "how": "hash = SHA-256(previous_hash, line feed, canonical JSON of event), from envelope on",
        "text": {"version": mandate.text_version, "sha256": mandate.text_sha256},
        "events": [
            {"seq": row.seq, "event": row.event, "previous_hash": row.previous_hash, "hash": row.hash}
            for row in mandate.events
        ],
    }


def _debits(mandate: Mandate) -> list[dict[str, Any]]:
    query = select(Collection).where(Collection.mandate_id == mandate.id)
    rows = list(db.session.scalars(query.order_by(Collection.due_on, Collection.id)))
    mails: dict[str, list[dict[str, Any]]] = {}
    uids = [row.uid for row in rows]
    for start in range(0, len(uids), _CHUNK):
        told = select(Mail).where(Mail.subject_uid.in_(uids[start : start + _CHUNK])).order_by(Mail.id)
        for mail in db.session.scalars(told):
            mails.setdefault(mail.subject_uid, []).append(
                {
                    "message_id": mail.message_id,
                    "to": mail.recipient,
                    "subject": mail.subject,
                    "queued_at": _instant(mail.created_at),
                    "sent_at": _instant(mail.sent_at),
                    "server_answer": mail.server_answer,
                }
            )
    return [
        {
            "end_to_end_id": row.end_to_end_id,
            "reference": row.reference,
            "amount_cents": row.amount_cents,
            "due_on": row.due_on.isoformat(),
            "state": row.state.value,
            "announced_at": _instant(row.announced_at),
            "notice_days": row.notice_days,
            "announcements": mails.get(row.uid, []),
        }
        for row in rows
    ]


def _manifest(mandate: Mandate, files: dict[str, bytes]) -> bytes:
    lines = [f"RUM {mandate.rum}", f"ICS {mandate.legal_entity.ics}", ""]
    lines += [f"{sha256(files[name]).hexdigest()}  {name}" for name in sorted(files)]
    return ("\n".join(lines) + "\n").encode()


def _instant(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
