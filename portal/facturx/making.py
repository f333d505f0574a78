"""From frozen values to checked XML: sums to the cent, XSD, then the two schematrons."""

from typing import NamedTuple

from portal.facturx.arithmetic import Finding, wrong_sums
from portal.facturx.cii import cii
from portal.facturx.engine import breaks_schema, schematrons
from portal.facturx.values import EInvoice


class Made(NamedTuple):
    """The XML, and why it is no e-invoice; without a finding it is one."""

    xml: bytes
    findings: list[Finding]


def findings_of(xml: bytes, invoice: EInvoice) -> list[Finding]:
    """Each rule that the XML breaks. Raises EngineAway while the schematrons cannot be asked."""
    return breaks_schema(xml) or (wrong_sums(xml, invoice) + schematrons.failed_rules(xml))


def make(invoice: EInvoice) -> Made:
    """Raises EngineAway while the schematrons cannot be asked: no answer is never a yes."""
    xml = cii(invoice)
    return Made(xml, findings_of(xml, invoice))
