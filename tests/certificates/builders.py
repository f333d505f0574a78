import io
from datetime import date
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from portal.certificates.models import Entry, HostingCertificate, Standard, register_certificate
from portal.db import db
from tests.builders import House


def a_paper() -> bytes:
    out = io.BytesIO()
    page = Canvas(out)
    page.drawString(72, 720, "Certificat")
    page.save()
    return out.getvalue()


def a_certificate(house: House, **values: Any) -> HostingCertificate:
    """HDS, second referential, through 2029, for every contract that sells to health."""
    said: dict[str, Any] = dict(
        standard=Standard.HDS,
        number="90001",
        scope="Hébergeur infogéreur, activités 1 à 6, Paris",
        issued_by="Organisme certificateur",
        referential=2,
        valid_from=date(2026, 3, 1),
        valid_through=date(2029, 2, 28),
        covers=("dropcloud", "dobaas"),
    )
    row = register_certificate(house.provider, Entry(**said | values), a_paper(), by=house.operator)
    db.session.commit()
    return row
