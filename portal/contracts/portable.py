"""The portable contract of a subscription: made and signed here, judged by anybody."""

from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from portal import clock
from portal.answers.case import in_order
from portal.blobs import Document
from portal.crypto.secrets import keyring
from portal.db import db
from portal.errors import PortalError
from portal.licensing.license_file import sign, verify
from portal.simulator.portable import FORMAT, LARGEST, answers_of, more_of, question_of, read_portable
from portal.subscriptions.case import bare_case, given_notice
from portal.subscriptions.models import Order, Subscription
from portal.terms.models import TermsVersion
from portal.terms.shipped import bundled, bundled_text


@dataclass(frozen=True, slots=True)
class Judged:
    """What can be said of a file that is ours and whole: does the engine still answer the same?

    differs: names of the dates and amounts that are not those of the file.
    """

    matches: bool
    made_on: str
    differs: tuple[str, ...] = ()


def portable_of(subscription: Subscription) -> bytes:
    """The file as of today (Paris): canonical JSON, signed with the key of the licence files."""
    case = replace(bare_case(subscription), events=in_order(given_notice(subscription)))
    payload: dict[str, Any] = {
        "format": FORMAT,
        "made_on": clock.today().isoformat(),
        "contract": subscription.terms_stack,
        "documents": [_text_of(version) for version in subscription.terms_versions],
        "amendments": [
            {
                "kind": row.kind.value,
                "label": row.label,
                "signed_on": row.signed_on.isoformat(),
                "effective_on": row.effective_on.isoformat(),
                "values": row.values,
                "sha256": row.document.sha256 if row.document else "",
            }
            for row in subscription.amendments
        ],
        "case": question_of(subscription.terms_stack, case),
        "more": more_of(case),
        "answers": answers_of(case),
        "proofs": [
            {"kind": each.kind, "name": each.filename, "sha256": each.sha256}
            for each in _proofs_of(subscription)
        ],
    }
    ring = keyring()
    return sign(payload, ring.license_key, ring.license_kid)


def _text_of(version: str) -> dict[str, str]:
    """The values of a document as they were published, in the words of its file."""
    row = db.session.scalars(select(TermsVersion).where(TermsVersion.version == version)).first()
    if row is not None:
        return {"version": version, "text": row.text}
    code = version.partition("-")[0]
    if bundled(code).version != version:
        raise LookupError(f"no text of {version}")
    return {"version": version, "text": bundled_text(code)}


def _proofs_of(subscription: Subscription) -> list[Document]:
    """Papers of the contract that are there: of the subscription, its order and the acceptances under it."""
    order = db.session.scalars(select(Order).where(Order.uid == subscription.order_uid)).one_or_none()
    uids = [subscription.uid, subscription.order_uid]
    uids += [proof.uid for proof in order.proofs] if order is not None else []
    query = select(Document).where(Document.subject_uid.in_(uids), Document.sha256 != "")
    return list(db.session.scalars(query.order_by(Document.id)))


def judge(file: bytes) -> Judged:
    """Raises Refused for what is no portable contract of this installation."""
    keys = {
        kid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw))
        for kid, raw in keyring().license_public_keys.items()
    }
    payload = verify(file, keys, most=LARGEST)
    case = read_portable(payload)
    try:
        now = answers_of(case)
    except PortalError:
        return Judged(False, payload["made_on"])
    differs = _differences(payload["answers"], now)
    return Judged(not differs, payload["made_on"], differs)


def _differences(said: dict[str, Any], now: dict[str, Any]) -> tuple[str, ...]:
    """What the file says and the engine does not, or the other way round."""
    names: list[str] = []
    for part in ("calendar", "amounts"):
        before, after = said.get(part, []), now[part]
        names += [each["what"] for each in before if each not in after]
        names += [each["what"] for each in after if each not in before]
    if said.get("status") != now["status"]:
        names.append("status")
    return tuple(dict.fromkeys(names))
