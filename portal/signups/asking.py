"""Somebody asks on the web; until she confirms her address, nothing exists but a sealed row and a mail."""

from typing import Any

from sqlalchemy import select

from portal.accounts.floods import count_within
from portal.accounts.models import Organisation, User
from portal.catalogue.models import Method
from portal.crypto.secrets import token_hash
from portal.db import EVERYTHING, db, scope
from portal.links import Purpose, make_link
from portal.mail import Addressee, link, queue_mail
from portal.signups.models import SignUp, SignUpKind, SignUpState
from portal.signups.offers import Offered
from portal.signups.trials import has_tried

LINK_DAYS = 7
FROM_ONE_PLACE, TO_ONE_ADDRESS, WITHIN = 10, 3, 3600  # how often, and seconds


def too_many_from(place: str) -> int:
    """Count one more from an address of the network; 0, or the seconds until it is welcome again."""
    return count_within(f"sign-up:{place}"[:80], most=FROM_ONE_PLACE, seconds=WITHIN)


def ask(
    house: Organisation, offered: Offered, kind: SignUpKind, quantity: int, method: Method, **typed: Any
) -> None:
    """Keep what was asked for, and write to the address; what happens shows to nobody but its owner.

    typed: ``entry`` as the form seals it, ``contact`` (name, address, telephone), ``language``. An address
    that has an access in this house, or has tried this offer, gets another mail; one that was written to too
    often gets none.

    Source: 000-09, 001-08.
    """
    name, address, _phone = typed["contact"]
    if count_within(f"sign-up-to:{token_hash(address)[:32]}", most=TO_ONE_ADDRESS, seconds=WITHIN):
        return
    with scope(EVERYTHING):
        tried = kind == SignUpKind.TRIAL and has_tried(offered.product, address=address)
        if tried or _is_known(address, house):
            _tell(house, Addressee(address, name), "known", typed["language"], about=house, tried=tried)
            return
        row = SignUp(
            organisation=house,
            kind=kind,
            state=SignUpState.PENDING,
            product_id=offered.product.id,
            quantity=quantity,
            method=method,
        )
        row.entry = typed["entry"]
        db.session.add(row)
        db.session.flush()
        _link, token = make_link(Purpose.SIGN_UP, row, owner=house, recipient=address, days=LINK_DAYS)
        way = link(f"/sign-up/{token}")
        _tell(house, Addressee(address, name), "confirm", typed["language"], about=row, row=row, url=way)


def _is_known(address: str, house: Organisation) -> bool:
    query = select(User.id).where(User.email == address, User.org_path.startswith(house.org_path))
    return db.session.scalars(query).first() is not None


def _tell(house: Organisation, to: Addressee, what: str, language: str, *, about: Any, **more: Any) -> None:
    queue_mail(
        to,
        f"signups/mail_{what}.txt",
        about=about,
        owner=house,
        language=language,
        urgent=True,
        house=house,
        days=LINK_DAYS,
        **more,
    )
