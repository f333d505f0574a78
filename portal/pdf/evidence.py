"""The evidence file of a signature (dossier de preuve), separate from the document it proves."""

from collections.abc import Sequence

from portal.evidence import Link
from portal.pdf.document import Document, Mark, Party
from portal.wording import N_

_FIRST_MEMBERS = ("at", "what", "ip", "user_agent")


def build_evidence_pdf(
    links: Sequence[Link],
    *,
    issuer: Party,
    reference: tuple[str, str],
    summary: Sequence[tuple[str, str]],
    title: str = N_("Dossier de preuve"),
    mark: Mark | None = None,
) -> bytes:
    """The events of a chain, each with its hash and the one before, in order.

    reference: what is signed, as a name and a value. summary: names and values above the events:
    fingerprints of the document shown and of the sealed one, signer, version of the text. Nothing secret:
    no code, no full IBAN.
    """
    document = Document(title, issuer=issuer, legal=(" : ".join(reference),), mark=mark)
    document.fields([reference, *summary], label_mm=55)
    for number, link in enumerate(links, 1):
        event = link.event
        document.heading(f"{number}. {event.get('what', '')}")
        others = sorted(set(event) - set(_FIRST_MEMBERS))
        rows = [(N_("Instant (UTC)"), str(event.get("at", "")))]
        rows.append((N_("Adresse IP"), str(event.get("ip", ""))))
        rows.append((N_("Navigateur"), str(event.get("user_agent", ""))))
        rows += [(name, str(event[name])) for name in others]
        rows.append((N_("Empreinte précédente"), link.previous_hash))
        rows.append((N_("Empreinte"), link.hash))
        document.fields([row for row in rows if row[1]], label_mm=45)
    return document.build()
