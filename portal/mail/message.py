"""The message as it travels: text, the same as HTML, attachments, the headers that mail systems expect."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from flask import render_template
from sqlalchemy import select

from portal.blobs import Document, content_of
from portal.db import db
from portal.mail.addresses import own_address
from portal.mail.rows import Mail


def as_message(mail: Mail, to: Address) -> EmailMessage:
    """A multipart message to one mailbox; the Message-ID is the same on every try.

    Auto-Submitted (RFC 3834) keeps automatic answers away.
    """
    message = EmailMessage()
    message["Subject"] = mail.subject
    own = own_address()
    name = mail.sender or own.display_name
    message["From"] = Address(display_name=name, username=own.username, domain=own.domain)
    message["To"] = to
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.body, cte="quoted-printable")
    message.add_alternative(html_of(mail), subtype="html", cte="quoted-printable")
    for uid in mail.attachments:
        document = db.session.scalars(select(Document).where(Document.uid == uid)).one()
        main, _slash, sub = document.media_type.partition("/")
        message.add_attachment(content_of(document), maintype=main, subtype=sub, filename=document.filename)
    return message


def html_of(mail: Mail) -> str:
    """The text of a mail as HTML: escaped, its addresses clickable, nothing fetched from anywhere."""
    blocks = re.split(r"\n\s*?\n", mail.body.strip("\n"))
    return render_template("mails/html.html", mail=mail, paragraphs=blocks)
