"""What ISO 19005-3 and Factur-X ask of a file, read with pypdf: no validator of A-3 can be had offline."""

from io import BytesIO
from typing import Any

from lxml import etree
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, StreamObject

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_FORBIDDEN = ("/JavaScript", "/JS", "/Launch", "/SMask", "/OpenAction", "/AA", "/XFA", "/Movie", "/Sound")


def _objects(reader: PdfReader) -> list[Any]:
    count = int(reader.trailer["/Size"])
    return [reader.get_object(IndirectObject(number, 0, reader)) for number in range(1, count)]


def faults(pdf: bytes) -> list[str]:
    """What the file lacks; empty when nothing is found."""
    reader = PdfReader(BytesIO(pdf))
    root, found = reader.trailer["/Root"], []
    if "/ID" not in reader.trailer or "/Encrypt" in reader.trailer:
        found.append("trailer")
    if not pdf.startswith(b"%PDF-1.") or max(pdf.split(b"\n", 2)[1][1:5]) < 128:
        found.append("binary comment")
    intents = root.get("/OutputIntents")
    if not intents or intents[0].get_object()["/S"] != "/GTS_PDFA1":
        found.append("output intent")
    elif intents[0].get_object()["/DestOutputProfile"].get_object().get_data()[36:40] != b"acsp":
        found.append("ICC profile")
    for each in _objects(reader):
        if isinstance(each, DictionaryObject):
            found += [f"forbidden {key}" for key in _FORBIDDEN if key in each]
            if each.get("/Type") == "/ExtGState" and (each.get("/ca", 1) != 1 or each.get("/CA", 1) != 1):
                found.append("transparency")
            if each.get("/Type") == "/FontDescriptor" and "/FontFile2" not in each:
                found.append(f"font {each['/FontName']}")
            simple = each.get("/Type") == "/Font" and each.get("/Subtype") in ("/Type1", "/TrueType")
            if simple and ("/FontDescriptor" not in each or "/ToUnicode" not in each):
                found.append(f"font {each.get('/BaseFont')}")
            if isinstance(each, StreamObject) and "/LZWDecode" in str(each.get("/Filter")):
                found.append("LZW")
    return found + _xmp(root) + _attachment(root)


def _xmp(root: Any) -> list[str]:
    stream = root["/Metadata"].get_object()
    tree = etree.fromstring(stream.get_data().split(b"?>", 1)[1].rsplit(b"<?xpacket", 1)[0])
    said = {path: tree.findtext(f".//{path}", namespaces=NAMES) for path in (
        "pdfaid:part", "pdfaid:conformance", "fx:DocumentType", "fx:DocumentFileName", "fx:ConformanceLevel"
    )}  # fmt: skip
    wanted = {
        "pdfaid:part": "3",
        "pdfaid:conformance": "B",
        "fx:DocumentType": "INVOICE",
        "fx:DocumentFileName": "factur-x.xml",
        "fx:ConformanceLevel": "EN 16931",
    }
    found = [f"XMP {name}: {said[name]}" for name in wanted if said[name] != wanted[name]]
    schema = tree.findtext(".//pdfaExtension:schemas//pdfaSchema:namespaceURI", namespaces=NAMES)
    return found if schema == NAMES["fx"] else [*found, "XMP extension schema"]


def _attachment(root: Any) -> list[str]:
    af = root["/AF"].get_object()
    spec = af[0].get_object()
    file = spec["/EF"]["/F"].get_object()
    holds = {
        "relationship": spec["/AFRelationship"] == "/Data",
        "name": spec["/F"] == spec["/UF"] == "factur-x.xml",
        "type": file["/Subtype"] == "/text/xml",
        "day": str(file["/Params"]["/ModDate"]).startswith("D:"),
        "names": root["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object() == spec,
        "language": bool(root.get("/Lang")),
    }
    return [f"attachment {name}" for name, is_right in holds.items() if not is_right]
