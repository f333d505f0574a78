"""PDFBox Preflight, which knows the first part of PDF/A: fonts, colours, transparency of a page."""

import subprocess
from io import BytesIO
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject

_JARS = "preflight pdfbox2 fontbox2 xmpbox commons-logging javax.activation jaxb-api"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def as_first_part(page: bytes) -> bytes:
    """The page with the metadata of PDF/A-1b, written by the library that embeds, as an e-invoice is too."""
    writer = PdfWriter(clone_from=BytesIO(page))
    writer.pdf_header = "%PDF-1.4"
    metadata = StreamObject()
    metadata.set_data(_XMP.encode())
    metadata.update(
        {NameObject("/Type"): NameObject("/Metadata"), NameObject("/Subtype"): NameObject("/XML")}
    )
    writer.root_object[NameObject("/Metadata")] = writer._add_object(metadata)
    writer.metadata = None
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def refusals(files: dict[str, bytes], folder: Path) -> dict[str, list[str]]:
    """What Preflight has against each file, by its name."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    found = {}
    jars = ":".join(f"/usr/share/java/{jar}.jar" for jar in _JARS.split())
    for name in files:
        command = ["java", "-cp", jars, "org.apache.pdfbox.preflight.Validator_A1b", str(folder / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        first, *rest = done.stdout.splitlines() or [done.stderr]
        found[name] = [] if first == f"The file {name} is a valid PDF/A-1b file" else rest or [first]
    return found
