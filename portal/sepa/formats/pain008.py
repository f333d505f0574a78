"""Writes a bank file of direct debits, ISO 20022 pain.008.001.08 or .02 as restricted by the EPC.

Identifiers, dates and totals are arguments, so the same values always give the same bytes. Rows are
streamed: the memory used is that of the identifiers already seen. A file that was begun and then
refused must be thrown away by the caller.
"""

from collections.abc import Hashable, Iterable
from datetime import date
from typing import BinaryIO, NoReturn

from portal.deadlines import PARIS, is_target_day
from portal.errors import Refused
from portal.sepa.formats import epc, xml008
from portal.sepa.formats.countries import needs_address
from portal.sepa.formats.latin import has_letters, to_latin
from portal.sepa.formats.values import (
    Address,
    BatchHeader,
    CollectionLine,
    Creditor,
    Group,
    Scheme,
    SequenceType,
)
from portal.sepa.formats.xsd import Totals, validate
from portal.wording import N_, Word

__all__ = [
    "Address",
    "BatchHeader",
    "CollectionLine",
    "Creditor",
    "Group",
    "Scheme",
    "SequenceType",
    "Totals",
    "check_line",
    "line_fault",
    "validate",
    "write",
]

_FLUSH_ROWS = 500  # rows joined before they are written
_LENGTHS = [("street", 70), ("building", 16), ("postcode", 16), ("town", 35)]


def write(
    out: BinaryIO, header: BatchHeader, creditor: Creditor, groups: Iterable[Group], *, as_of: date
) -> None:
    """Write the whole message to ``out``.

    as_of: Paris day of the first export; no debit may be requested before it.
    Raises Refused, naming the row by its EndToEndId, if a rule of the scheme is broken, and if
    the counts or sums (cents) announced by ``header`` or a group are not those of its rows.

    Source: 003-77, 003-78; EPC130-08; règlement (UE) 260/2012, annexe.
    """
    _check_header(header)
    _check_creditor(creditor)
    created = header.created_at.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M:%S")
    out.write(xml008.opening(header, creditor, created))
    party = xml008.creditor_block(header, creditor)
    rows: set[str] = set()
    lots: set[Hashable] = set()
    count = total = 0
    for group in groups:
        _check_group(group, as_of, lots)
        out.write(xml008.group_opening(group, header.scheme, party))
        group_count, group_total = _write_rows(out, header, group, creditor, rows)
        out.write(b"</PmtInf>\n")
        count, total = count + group_count, total + group_total
    _check_totals(header.msg_id, (count, total), (header.count, header.total_cents))
    out.write(xml008.CLOSING)


def _write_rows(
    out: BinaryIO, header: BatchHeader, group: Group, creditor: Creditor, seen: set[str]
) -> tuple[int, int]:
    count = total = 0
    pieces: list[str] = []
    for line in group.lines:
        name, remittance = check_line(line, creditor, group.collect_on)
        if line.end_to_end_id in seen:
            _refuse(line.end_to_end_id, N_("cet EndToEndId est déjà dans le fichier"))
        seen.add(line.end_to_end_id)
        if line.address is not None and header.version == "02":
            _refuse(
                line.end_to_end_id,
                N_("ce compte hors de l'EEE demande une adresse, que la version 02 n'a pas"),
            )
        pieces.append(xml008.row(header, line, name, remittance))
        count, total = count + 1, total + line.amount_cents
        if len(pieces) == _FLUSH_ROWS:
            out.write("".join(pieces).encode("ascii"))
            pieces.clear()
    out.write("".join(pieces).encode("ascii"))
    _check_totals(group.payment_info_id, (count, total), (group.count, group.total_cents))
    return count, total


def _check_header(header: BatchHeader) -> None:
    _judge(header.msg_id, epc.id_fault(header.msg_id))
    if header.created_at.tzinfo is None:
        raise ValueError("the creation instant of a message must be aware")
    if header.scheme not in ("CORE", "B2B"):
        _refuse(header.msg_id, N_("le schéma est CORE ou B2B"))
    if header.count < 1:
        _refuse(header.msg_id, N_("la remise est vide"))


def _check_creditor(creditor: Creditor) -> None:
    who = creditor.ics
    _judge(who, epc.ics_fault(creditor.ics))
    _judge(who, epc.iban_fault(creditor.iban))
    _clean(who, creditor.name, epc.NAME_LENGTH, N_("le nom"))
    if creditor.bic is not None:
        _judge(who, epc.bic_fault(creditor.bic))
    if creditor.address is not None:
        _check_address(who, creditor.address)


def _check_group(group: Group, as_of: date, lots: set[Hashable]) -> None:
    who = group.payment_info_id
    _judge(who, epc.id_fault(who))
    if group.sequence_type not in ("FRST", "RCUR", "FNAL", "OOFF"):
        _refuse(who, N_("la séquence est FRST, RCUR, FNAL ou OOFF"))
    if group.collect_on < as_of:
        _refuse(who, N_("la date de prélèvement est passée"))
    if not is_target_day(group.collect_on):
        _refuse(who, N_("la date de prélèvement n'est pas un jour d'ouverture TARGET"))
    for key in (who, (group.sequence_type, group.collect_on)):
        if key in lots:
            _refuse(who, N_("ce lot est déjà dans le fichier"))
        lots.add(key)


def line_fault(line: CollectionLine, collect_on: date) -> str | None:
    """What the file would refuse about one debit, in French words; None when nothing is wrong."""
    try:
        _check_values(line, collect_on)
    except Refused as refusal:
        return str(refusal.values["fault"])
    return None


def check_line(line: CollectionLine, creditor: Creditor, collect_on: date) -> tuple[str, str]:
    """Name of the debtor and remittance in the letters of the file. Raises Refused, naming the row."""
    if line.original_rum or line.original_ics or line.original_creditor_name:
        _check_amendment(line, creditor)
    return _check_values(line, collect_on)


def _check_values(line: CollectionLine, collect_on: date) -> tuple[str, str]:
    who = line.end_to_end_id
    fault = (
        epc.id_fault(who)
        or epc.amount_fault(line.amount_cents)
        or epc.rum_fault(line.rum)
        or epc.iban_fault(line.debtor_iban)
        or (line.debtor_bic is not None and epc.bic_fault(line.debtor_bic))
    )
    if fault:
        _refuse(who, fault)
    if line.signed_on > collect_on:
        _refuse(who, N_("le mandat est signé après le prélèvement"))
    if line.address is not None:
        _check_address(who, line.address)
    elif needs_address(line.debtor_iban):
        _refuse(who, N_("ce compte hors de l'EEE demande l'adresse du débiteur"))
    return (
        _clean(who, line.debtor_name, epc.NAME_LENGTH, N_("le nom")),
        _clean(who, line.remittance, epc.REMITTANCE_LENGTH, N_("le libellé")),
    )


def _check_amendment(line: CollectionLine, creditor: Creditor) -> None:
    who = line.end_to_end_id
    if line.original_rum:
        _judge(who, epc.rum_fault(line.original_rum))
        if line.original_rum.upper() == line.rum.upper():
            _refuse(who, N_("l'ancienne RUM est la même que la nouvelle"))
    if line.original_ics:
        _judge(who, epc.ics_fault(line.original_ics))
        if line.original_ics == creditor.ics:
            _refuse(who, N_("l'ancien ICS est le même que le nouveau"))
    if line.original_creditor_name:
        name = _clean(who, line.original_creditor_name, epc.NAME_LENGTH, N_("l'ancien nom"))
        if name == to_latin(creditor.name):
            _refuse(who, N_("l'ancien nom du créancier est le même que le nouveau"))


def _check_address(who: str, address: Address) -> None:
    _judge(who, epc.country_fault(address.country))
    for field, length in _LENGTHS:
        if getattr(address, field):
            _clean(who, getattr(address, field), length, N_("l'adresse"))
    if not address.town:
        _refuse(who, N_("l'adresse n'a pas de ville"))


def _clean(who: str, text: str, length: int, what: str) -> str:
    latin = to_latin(text)
    if not has_letters(latin):
        _refuse(who, N_("%(what)s est vide ou illisible") % {"what": what})
    if len(latin) > length:
        sentence = N_("%(what)s dépasse %(length)d caractères")
        _refuse(who, sentence % {"what": what, "length": length})
    return latin


def _check_totals(who: str, found: tuple[int, int], announced: tuple[int, int]) -> None:
    if found != announced:
        _refuse(who, N_("le nombre ou la somme annoncés ne sont pas ceux des prélèvements"))


def _judge(who: str, fault: str | None) -> None:
    if fault:
        _refuse(who, fault)


def _refuse(who: str, fault: str) -> NoReturn:
    raise Refused(N_("Prélèvement ou lot « %(who)s » : %(fault)s."), who=who, fault=Word(fault))
