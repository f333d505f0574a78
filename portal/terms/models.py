"""Versions of contract documents that the operator brings, beside those that ship with the portal."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from blinker import Signal
from sqlalchemy import ForeignKey, Select, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.access import GRANTS, Permission
from portal.actor import Actor
from portal.db import Row, db
from portal.errors import Refused
from portal.journal import record
from portal.stateful import Stateful, step
from portal.terms.rules import check_publication
from portal.terms.shipped import CONTRACTS, TermsDocument, bundled, documents, fingerprint, parse_document
from portal.terms.values import TermsError
from portal.wording import N_

LEAST_DAYS = 1  # between publication and effect, where the contract promises no time of its own
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}").fullmatch
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch

published = Signal()  # sent with version=, in the transaction that publishes
withdrawn = Signal()  # sent with version=, in the transaction that withdraws


class TermsState(StrEnum):
    DRAFT = "draft"  # seen by the operator only; may be replaced
    PUBLISHED = "published"  # on line; applies from its effective day
    WITHDRAWN = "withdrawn"  # taken back before it applied


T = TermsState


class TermsVersion(Row, Stateful, db.Model):
    """One version of one contract document, as the operator uploaded it (version des conditions)."""

    __tablename__ = "terms_version"

    steps = {"publish": step(T.DRAFT, to=T.PUBLISHED), "withdraw": step(T.PUBLISHED, to=T.WITHDRAWN)}

    code: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    publisher: Mapped[str] = mapped_column(String(140))
    text: Mapped[str] = mapped_column(Text)  # the TOML file, as uploaded
    sha256: Mapped[str] = mapped_column(String(64))  # of ``text``; the head names that of the legal text
    state: Mapped[TermsState] = mapped_column(default=T.DRAFT)
    published_on: Mapped[date | None]
    effective_on: Mapped[date | None]  # first day on which it applies
    uploaded_by: Mapped[str] = mapped_column(String(200))
    uploaded_at: Mapped[datetime]
    # Everybody reads the terms; only their journal belongs to somebody, the publisher's organisation.
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    owner_path: Mapped[str] = mapped_column(String(200))
    revision: Mapped[int] = mapped_column()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": revision}

    @property
    def organisation_id(self) -> int:
        return self.owner_id

    @property
    def org_path(self) -> str:
        return self.owner_path

    @classmethod
    def visible_to(cls, actor: Any) -> Select[Any]:
        """What was ever published, and the drafts for who may publish them."""
        query = select(cls)
        return (
            query if actor.role in GRANTS[Permission.TERMS_DRAFT_READ] else query.where(cls.state != T.DRAFT)
        )

    def publish(self, *, effective_on: date, notice_days: int, by: Actor) -> None:
        """Put this version on line; it applies from ``effective_on``.

        notice_days: what the contract in force promises between the two.
        Raises Refused for too short a time, or a day on which another version takes effect.

        Source: 003-04.
        """
        check_publication(clock.today(), effective_on, max(notice_days, LEAST_DAYS))
        if effective_on in {bundled(self.code).effective_on, *_effective_days(self.code)}:
            raise Refused(N_("Une autre version prend effet ce jour-là."), field="effective_on")
        self._take("publish", by=by, effective_on=effective_on.isoformat(), sha256=self.sha256)
        self.published_on, self.effective_on = clock.today(), effective_on
        db.session.flush()
        published.send(None, version=self)

    def withdraw(self, *, by: Actor) -> None:
        """Take a published version back before it applies. Raises Refused once it does."""
        if self.effective_on is not None and self.effective_on <= clock.today():
            raise Refused(N_("Cette version s'applique déjà : elle ne peut plus être retirée."))
        self._take("withdraw", by=by)
        db.session.flush()
        withdrawn.send(None, version=self)


def _effective_days(code: str) -> list[date | None]:
    query = select(TermsVersion.effective_on).where(TermsVersion.code == code)
    return list(db.session.scalars(query.where(TermsVersion.state == T.PUBLISHED)))


def find_version(version: str) -> TermsVersion | None:
    return db.session.scalars(select(TermsVersion).where(TermsVersion.version == version)).one_or_none()


def upload(document: TermsDocument, text: str, *, owner: Any, by: Actor) -> TermsVersion:
    """Keep the checked text of a new version as a draft; a draft of the same version is replaced.

    owner: the organisation whose journal says so. Raises Refused for a name that is taken.
    """
    row = find_version(document.version)
    if document.version in {one.version for one in documents().values()} or (row and row.state != T.DRAFT):
        raise Refused(
            N_("La version « %(version)s » existe déjà : donnez un autre nom à celle-ci."),
            field="text",
            version=document.version,
        )
    verb = "replace" if row else "upload"
    if row is None:
        row = TermsVersion(
            version=document.version, state=T.DRAFT, owner_id=owner.id, owner_path=owner.org_path
        )
        db.session.add(row)
    row.code, row.kind, row.title = document.code, document.kind, document.title
    row.publisher, row.text, row.sha256 = document.publisher, text, fingerprint(text)
    row.uploaded_by, row.uploaded_at = by.label, clock.now()
    db.session.flush()
    record(row, verb, by=by, sha256=row.sha256)
    return row


def read_upload(file: str, text: str) -> TermsDocument:
    """Check the text of a new version: its form, its values, and that its names fit where they are kept.

    Raises TermsError naming the file and the key.
    """
    document = parse_document(file, text)
    known = {code for _label, codes in CONTRACTS.values() for code in codes}
    named = document.version.startswith(f"{document.code}-") and _VERSION(document.version)
    wrong = {
        "code": document.code not in known,
        "version": not named,
        "title": not 0 < len(document.title) <= 200,
        "publisher": not 0 < len(document.publisher) <= 140,
        "sha256": not _SHA256(document.sha256),
    }
    says = {
        "code": N_("%(file)s, code : aucun contrat ne comprend le document « %(value)s »."),
        "version": N_(
            "%(file)s, version : « %(value)s » ne commence pas par le code du document, ou porte "
            "un signe qui n'est ni chiffre, ni lettre, ni « . _ - »."
        ),
        "title": N_("%(file)s, title : « %(value)s » est vide ou dépasse 200 signes."),
        "publisher": N_("%(file)s, publisher : « %(value)s » est vide ou dépasse 140 signes."),
        "sha256": N_("%(file)s, sha256 : « %(value)s » n'est pas l'empreinte SHA-256 d'un texte."),
    }
    for key, is_wrong in wrong.items():
        if is_wrong:
            raise TermsError(says[key], field="text", file=file, value=getattr(document, key)[:60])
    return document
