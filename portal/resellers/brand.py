"""What a reseller's customers see of it; who has chosen nothing shows what stands above."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from flask import g
from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.blobs import Document, keep
from portal.db import EVERYTHING, Tenant, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.resellers.colour import is_colour
from portal.resellers.logo import cleaned
from portal.resellers.models import lineage
from portal.wording import N_


class Brand(Tenant, db.Model):
    """What one organisation has chosen; "" is what stands above it."""

    __tablename__ = "brand"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    seen_from_below: ClassVar[bool] = True  # customers see whose portal it is

    support_email: Mapped[str] = mapped_column(String(254), default="")
    support_phone: Mapped[str] = mapped_column(String(30), default="")
    support_hours: Mapped[str] = mapped_column(String(140), default="")  # as the reseller says them
    name: Mapped[str] = mapped_column(String(70), default="")
    accent: Mapped[str] = mapped_column(String(7), default="")  # "#0b5cad"
    host: Mapped[str | None] = mapped_column(String(120), index=True, unique=True)  # its people sign in there
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    organisation: Mapped[Organisation] = relationship(foreign_keys="Brand.organisation_id")
    logo: Mapped[Document | None] = relationship()

    @classmethod
    def of(cls, organisation: Any) -> Self | None:
        query = select(cls).where(cls.organisation_id == organisation.id)
        return db.session.scalars(query.limit(1)).one_or_none()


@dataclass(frozen=True, slots=True)
class Support:
    """Whom a customer asks: the reseller's name, its address, number and hours; "" for what is not known."""

    name: str = ""
    email: str = ""
    phone: str = ""
    hours: str = ""

    @property
    def ways(self) -> str:
        """Address, number and hours in one line."""
        return ", ".join(filter(None, (self.email, self.phone, self.hours)))


SUPPORT = ("support_email", "support_phone", "support_hours")


def brand_of(organisation: Organisation) -> Brand:
    """Its own, made where there is none."""
    found = Brand.of(organisation)
    if found is None:
        found = Brand(organisation=organisation, **dict.fromkeys((*SUPPORT, "name", "accent"), ""))
        db.session.add(found)
        db.session.flush()
    return found


def set_support(organisation: Organisation, values: dict[str, str], *, by: Actor) -> bool:
    """values: of :data:`SUPPORT`. Says whether anything changed."""
    brand = brand_of(organisation)
    changed = [name for name in SUPPORT if getattr(brand, name) != values[name]]
    for name in changed:
        setattr(brand, name, values[name])
    if changed:
        record(brand, "set_support", by=by, changed=changed)
        forget_looked_up()
    return bool(changed)


def brands_above(paths: Sequence[str]) -> dict[str, list[Brand]]:
    """For each path: the brands of that node and of all above it, the nearest first, whoever asks."""
    lines = {path: lineage(path) for path in paths}
    with scope(EVERYTHING):
        query = select(Brand).where(
            Brand.org_path.in_(sorted({each for line in lines.values() for each in line}))
        )
        known = {
            row.org_path: row
            for row in db.session.scalars(
                query.options(joinedload(Brand.organisation), joinedload(Brand.logo))
            )
        }
    return {path: [known[each] for each in line if each in known] for path, line in lines.items()}


def support_for(path: str) -> Support:
    """The nearest at or above a node that says where it can be reached; empty where none does."""
    return supports_for([path])[path]


def supports_for(paths: Sequence[str]) -> dict[str, Support]:
    found = dict.fromkeys(paths, Support())
    for path, brands in brands_above(paths).items():
        for brand in brands:
            if brand.support_email or brand.support_phone:
                name = brand.name or brand.organisation.name  # as its customers know it
                found[path] = Support(name, brand.support_email, brand.support_phone, brand.support_hours)
                break
    return found


LOGO = "logo"  # kind of the document


@dataclass(frozen=True, slots=True)
class Face:
    """What pages and mails show: a name, and the public ids of whose logo and whose colour; "" for none.

    version: changes with any of them, so that browsers may keep what they have for good.
    """

    name: str = ""
    accent: str = ""
    logo_of: str = ""
    accent_of: str = ""
    version: str = ""


def face_for(path: str) -> Face:
    """Each part is that of the nearest at or above a node that has chosen one."""
    brands = brands_above([path])[path]
    named = next((each for each in brands if each.name), None)
    coloured = next((each for each in brands if each.accent), None)
    drawn = next((each for each in brands if each.logo is not None), None)
    return Face(
        name=named.name if named else "",
        accent=coloured.accent if coloured else "",
        logo_of=drawn.uid if drawn else "",
        accent_of=coloured.uid if coloured else "",
        version=_version(drawn, coloured),
    )


def _version(drawn: Brand | None, coloured: Brand | None) -> str:
    logo = drawn.logo.sha256[:8] if drawn is not None and drawn.logo is not None else ""
    return f"{logo}{coloured.accent[1:] if coloured is not None else ''}"


def set_face(
    organisation: Organisation, *, name: str, accent: str, logo: bytes, without_logo: bool, by: Actor
) -> bool:
    """Set name and colour; an empty ``logo`` keeps the one that is there. Says whether anything changed.

    Raises Refused for a colour that is none, and for a logo that can do more than be seen.
    """
    accent = accent.strip().lower()
    if accent and not is_colour(accent):
        raise Refused(N_("Une couleur s'écrit #, puis six chiffres ou lettres de a à f."), field="accent")
    brand = brand_of(organisation)
    changed = [key for key, new in (("name", name), ("accent", accent)) if getattr(brand, key) != new]
    brand.name, brand.accent = name, accent
    if logo:
        content, media_type = cleaned(logo)
        brand.logo = keep(
            content,
            owner=organisation,
            subject=brand,
            kind=LOGO,
            filename="logo.svg" if media_type == "image/svg+xml" else "logo.png",
            media_type=media_type,
        )
        changed.append("logo")
    elif without_logo and brand.logo is not None:
        brand.logo = None
        changed.append("logo")
    if changed:
        record(brand, "set_face", by=by, changed=changed)
        db.session.flush()
        forget_looked_up()
    return bool(changed)


def forget_looked_up() -> None:
    """What was looked up once for many rows: papers, mails and pages ask again."""
    for name in ("marks", "voices", "face_of"):
        g.pop(name, None)
