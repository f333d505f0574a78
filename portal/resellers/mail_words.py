"""The free words of a house's mails to its customers, in each language."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from flask import g
from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.db import EVERYTHING, Tenant, db, scope
from portal.journal import record
from portal.mail import KINDS, Mail, queue_mail
from portal.mail.free import PARTS, Asked, Words, judge, own_words
from portal.mail.greeting import Reachable
from portal.mail.writing import Written, sample
from portal.resellers.brand import brand_of
from portal.resellers.models import lineage

FOR_CUSTOMERS = tuple(name for name, kind in KINDS.items() if kind.is_for_customers)


class MailWords(Tenant, db.Model):
    """What one organisation says instead of the shipped words of one kind; "" for these."""

    __tablename__ = "mail_words"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "language"),)
    seen_from_below: ClassVar[bool] = True  # who writes to a customer asks what was said above

    kind: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    opening: Mapped[str] = mapped_column(String(600))
    closing: Mapped[str] = mapped_column(String(600))

    @classmethod
    def of(cls, organisation: Organisation, kind: str, language: str) -> Self | None:
        query = select(cls).where(cls.organisation_id == organisation.id)
        return db.session.scalars(
            query.where(cls.kind == kind, cls.language == language).limit(1)
        ).one_or_none()

    @property
    def words(self) -> Words:
        return Words(self.opening, self.closing)


def judged(words: Words, language: str) -> Words:
    """The words as they are kept. Raises Refused, with the field, for what a mail does not take."""
    return Words(*(judge(getattr(words, part), language, part) for part in PARTS))


def set_words(organisation: Organisation, kind: str, language: str, words: Words, *, by: Actor) -> bool:
    """Say a kind of mail in own words; without any, the shipped ones count again.

    Says whether anything changed. Raises Refused, with the field, for what a mail does not take.
    """
    words, own = judged(words, language), MailWords.of(organisation, kind, language)
    if words == (own.words if own else Words()):
        return False
    if own is not None and words == Words():
        db.session.delete(own)
    elif own is not None:
        own.opening, own.closing = words.opening, words.closing
    else:
        values = {"kind": kind, "language": language, "opening": words.opening, "closing": words.closing}
        db.session.add(MailWords(organisation=organisation, **values))
    record(brand_of(organisation), "set_words", by=by, kind=kind, language=language)
    db.session.flush()
    g.pop("mail_words", None)
    return True


@own_words()
def words_above(asked: Asked) -> Words | None:
    """Each part is that of the nearest at or above the owner who has said it; looked up once for a run."""
    if asked.kind not in FOR_CUSTOMERS:
        return None
    parent = asked.owner.org_path.rstrip("/").rpartition("/")[0]
    known: dict[tuple[str, str, str], Words] = g.setdefault("mail_words", {})
    key = (parent, asked.kind, asked.language)
    if key not in known:
        known[key] = words_at(f"{parent}/", asked.kind, asked.language)
    return known[key]


def words_at(path: str, kind: str, language: str) -> Words:
    """The words that the mails of a node's customers have: its own, else those of who stands above."""
    with scope(EVERYTHING):
        query = select(MailWords).where(MailWords.org_path.in_(lineage(path)))
        query = query.where(MailWords.kind == kind, MailWords.language == language)
        rows = list(db.session.scalars(query.order_by(db.func.length(MailWords.org_path).desc())))
    said = (next((text for row in rows if (text := getattr(row, part))), "") for part in PARTS)
    return Words(*said)


@dataclass(frozen=True, slots=True)
class _Below:
    """Stands for any customer of a house, to say how mails to her read."""

    org_path: str
    name: str = "…"
    kind: OrganisationKind = OrganisationKind.CUSTOMER


def shown_with(house: Organisation, kind: str, language: str, words: Words, *, to: Reachable) -> Written:
    """How a mail of the house's reads with these words, over those that stand above."""
    above = words_at(house.org_path, kind, language)
    shown = Words(words.opening or above.opening, words.closing or above.closing)
    below = _Below(f"{house.org_path}{house.uid}/")
    return sample(f"{kind}.txt", language, shown, owner=below, person=to)


def try_words(house: Organisation, kind: str, language: str, words: Words, *, to: Any) -> Mail:
    """Send somebody how a mail would read, whatever is kept; about that person."""
    return queue_mail(
        to,
        "resellers/mail_words.txt",
        about=to,
        owner=house,
        language=language,
        urgent=True,
        label=KINDS[kind].label,
        shown=shown_with(house, kind, language, words, to=to),
    )


def said_by(organisation: Organisation) -> set[tuple[str, str]]:
    """Kind and language of the mails that this house says in its own words."""
    query = select(MailWords.kind, MailWords.language).where(MailWords.organisation_id == organisation.id)
    return {(kind, language) for kind, language in db.session.execute(query)}
