"""The message as it travels: text, the same as HTML, attachments, the headers that mail systems expect."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from flask import render_template
from markupsafe import Markup, escape
from sqlalchemy import select

from portal.blobs import Document, content_of
from portal.db import db
from portal.mail.addresses import own_address, recipient_of
from portal.mail.homes import home_for
from portal.mail.reading import read
from portal.mail.rows import Mail
from portal.panels import Place

# The address of its own that a higher package writes a mail from; the relay is told ours in any case, so
# that what cannot be delivered comes back to us.
mail_from: Place[Mail, str] = Place()


class Thread(NamedTuple):
    """What a mail answers: Message-IDs of those before it, the address for answers ("": the usual one), and
    whether a person wrote it.
    """

    references: tuple[str, ...]
    reply_to: str = ""
    by_person: bool = False


mail_thread: Place[Mail, Thread] = Place()


def as_message(mail: Mail, to: Address) -> EmailMessage:
    """A multipart message to one mailbox; the Message-ID is the same on every try.

    Auto-Submitted (RFC 3834) keeps automatic answers away from what no person wrote; References (RFC 5322,
    3.6.4) keep a thread together.
    """
    message = EmailMessage()
    message["Subject"] = mail.subject
    own = own_address()
    name = mail.sender or own.display_name
    seen = recipient_of(next(iter(mail_from.shown(mail)), "")) or own
    message["From"] = Address(display_name=name, username=seen.username, domain=seen.domain)
    message["To"] = to
    thread = next(iter(mail_thread.shown(mail)), Thread(()))
    if (there := thread.reply_to or mail.reply_to) and (people := recipient_of(there)):
        message["Reply-To"] = people
    if thread.references:
        message["In-Reply-To"] = thread.references[-1]
        message["References"] = " ".join(thread.references)
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    if not thread.by_person:
        message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.body, cte="quoted-printable")
    message.add_alternative(html_of(mail), subtype="html", cte="quoted-printable")
    for uid in mail.attachments:
        document = db.session.scalars(select(Document).where(Document.uid == uid)).one()
        main, _slash, sub = document.media_type.partition("/")
        message.add_attachment(content_of(document), maintype=main, subtype=sub, filename=document.filename)
    return message


# Ground and writing of each part, as docs/design.md has them; every pair keeps 4.5:1.
LIGHT = {
    "canvas": "#eff1f4",
    "surface": "#ffffff",
    "sunken": "#f3f6fa",
    "ink": "#16202b",
    "soft": "#525d6a",
    "line": "#dfe3e8",
    "accent": "#0b5cad",
    "button": "#0b5cad",
    "written": "#ffffff",
    "notice": "#fdf0cc",
    "warned": "#664400",
}
DARK = {
    "canvas": "#111519",
    "surface": "#191e24",
    "sunken": "#22282f",
    "ink": "#e8ecf1",
    "soft": "#adb7c2",
    "line": "#313941",
    "accent": "#7db9f7",
    "button": "#2a72bd",
    "written": "#ffffff",
    "notice": "#453308",
    "warned": "#ffe4a6",
}
PAIRS = (
    ("canvas", "soft"),
    ("canvas", "accent"),
    ("surface", "ink"),
    ("surface", "soft"),
    ("surface", "accent"),
    ("sunken", "ink"),
    ("sunken", "soft"),
    ("button", "written"),
    ("notice", "warned"),
)


# What a higher package puts in the place of LIGHT and of DARK, for a mail of its own.
mail_colours: Place[Mail, tuple[dict[str, str], dict[str, str]]] = Place()


def html_of(mail: Mail) -> str:
    """The text of a mail as HTML: the same words, nothing fetched from anywhere, one thing to open."""
    light, dark = next(iter(mail_colours.shown(mail)), ({}, {}))
    return render_template(
        "mails/html.html",
        mail=mail,
        sender=mail.sender or own_address().display_name or own_address().domain,
        written=with_addresses,
        read=read(mail.body, home_for(mail)),
        light=LIGHT | light,
        dark=DARK | dark,
    )


_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def with_addresses(line: str, style: str) -> Markup:
    """A line with its e-mail addresses as links; no other address is one, but that of the button."""
    made, end = Markup(), 0
    link = Markup('<a class="link" href="mailto:{0}" style="{1}">{0}</a>')
    for found in _ADDRESS.finditer(line):
        made += escape(line[end : found.start()]) + link.format(found.group(), style)
        end = found.end()
    return made + escape(line[end:])
