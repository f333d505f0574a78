"""Reads what the bank sends back: pain.002 status reports, camt.052, camt.053 and camt.054.

Any version of a message is read by element names, whatever its namespace. Files are streamed and hardened:
no document type, no entity, no network. What is read is what the bank wrote; who it is about is found later.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from portal.sepa.formats.bank_documents import Part, documents
from portal.sepa.formats.bank_elements import BankFileError, Fields, fields_of, forget, name_of
from portal.sepa.formats.bank_entries import INFORMATION, Statements
from portal.sepa.formats.bank_reports import Report
from portal.sepa.formats.bank_values import BankEntry, BankFileHead, BankStatement, Outcome, Scope
from portal.wording import N_

__all__ = [
    "BankEntry",
    "BankFileError",
    "BankFileHead",
    "BankStatement",
    "Outcome",
    "Scope",
    "read_bank_file",
]

_ROOTS = {
    "CstmrPmtStsRpt": "pain.002",
    "BkToCstmrAcctRpt": INFORMATION,
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
_STATEMENTS = ("Rpt", "Stmt", "Ntfctn")
_REPORT = ("OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts", "CstmrPmtStsRpt")
_READ = tuple(f"{{*}}{name}" for name in ("GrpHdr", "Ntry", "TxDtls", *_STATEMENTS, *_REPORT))

Item = BankFileHead | BankStatement | BankEntry


def read_bank_file(source: BinaryIO) -> Iterator[Item]:
    """The head of each document of the file, then its statements and entries, in the order of the file.

    source: can be sought. Memory does not grow with the file.
    Raises BankFileError for a file that is not one of the four messages, is cut short or hostile.

    Source: ISO 20022 pain.002, camt.052, camt.053, camt.054; EPC customer-to-PSP guidelines.
    """
    try:
        for part in documents(source):
            yield from _read(part)
    except etree.XMLSyntaxError as error:
        raise BankFileError(
            N_("Fichier illisible ou incomplet, ligne %(line)d."), line=error.lineno or 0
        ) from None


def _read(part: Part) -> Iterator[Item]:
    source: Any = part
    events = etree.iterparse(
        source,
        events=("end",),
        tag=_READ,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    kind, report, statements, entry, index = "", Report(), Statements(), Fields(), 0
    for _event, element in events:
        name = name_of(element)
        if name == "TxDtls":
            if index == 0:
                entry = statements.entry_of(element)
            index += 1
            yield statements.transaction(element, entry, index)
            forget(element)
        elif name == "Ntry":
            if index == 0:
                yield statements.bare_entry(element)
            index = 0
            forget(element)
        elif name == "GrpHdr":
            kind = _kind(element)
            report, statements = Report(), Statements(is_information=kind == INFORMATION)
            yield BankFileHead(kind, fields_of(element).get("MsgId", ""))
        elif name in _STATEMENTS:
            yield BankStatement(statements.account_of(element))
            forget(element)
        else:
            yield from report.read(name, element)
    if not kind:
        raise BankFileError(N_("Ce fichier ne contient pas de message de la banque."))


def _kind(head: etree._Element) -> str:
    if head.getroottree().docinfo.internalDTD is not None:
        raise BankFileError(N_("Ce fichier déclare un type de document : il est refusé."))
    message = head.getparent()
    name = "" if message is None else name_of(message)
    if name not in _ROOTS:
        raise BankFileError(
            N_(
                "« %(name)s » n'est ni un compte rendu (pain.002), ni un relevé ou un avis (camt.052, "
                "camt.053, camt.054)."
            ),
            name=name,
        )
    return _ROOTS[name]
