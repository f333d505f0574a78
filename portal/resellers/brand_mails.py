"""A mail to a reseller's customers has the reseller's colour, and its address where that one may be used."""

from portal.mail import Mail
from portal.mail.message import mail_colours, mail_from
from portal.resellers.brand import face_for
from portal.resellers.colour import shades
from portal.resellers.sender import sender_above


@mail_colours()
def of_brand(mail: Mail) -> tuple[dict[str, str], dict[str, str]] | None:
    """For light and for dark: links, and the ground of the button under white words."""
    accent = face_for(mail.org_path).accent
    if not accent:
        return None
    found = shades(accent)
    light, dark = ({"accent": found["accent"][k], "button": found["accent-ground"][k]} for k in (0, 1))
    return light, dark


@mail_from()
def own_sender(mail: Mail) -> str | None:
    """As it is when the mail leaves, not when it was written."""
    sender = sender_above(mail)
    return sender.address if sender is not None and sender.is_right else None
