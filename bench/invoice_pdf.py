"""The PDF of an invoice with its XML, beside the bare page with the same XML; with warm schematrons.

``ratio``: CPU time of a print as the portal does it (XML, sums, XSD, archival page, embedding) over the bare
page of the same draft and the library's embedding; at most 1.6. ``checked_ratio``: wall time of the same with
both schematrons, whose process is warm, over the same base; at most 2.6. ``per_cpu_second``: documents for a
second of CPU, the schematrons' process apart. Interleaved rounds, medians.
"""

import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

from bench.timing import cpu
from portal.facturx.arithmetic import wrong_sums
from portal.facturx.cii import cii
from portal.facturx.engine import breaks_schema
from portal.facturx.making import Made, make
from portal.facturx.pdfa import embed
from portal.facturx.values import EInvoice
from portal.papers import build
from portal.pdf.draft import Draft
from tests.facturx.builders import domestic
from tests.facturx.test_archive import a_draft

_ROUNDS = 21


def _wall(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def measure(_rest: list[str]) -> dict[str, float]:
    """The figures above."""
    values = {"draft": a_draft().as_values(), "seal": None, "einvoice": domestic().as_values()}
    xml = cii(domestic())

    def bare() -> None:
        pdf = Draft.of(values["draft"]).build()
        embed(pdf, xml, title="x", author="y", issued_on=date(2026, 11, 23), language="fr-FR")

    def printed() -> None:
        own = EInvoice.of(values["einvoice"])
        written = cii(own)
        build(values, b"", Made(written, breaks_schema(written) + wrong_sums(written, own)))

    def checked() -> None:
        build(values, b"", make(EInvoice.of(values["einvoice"])))

    for act in (bare, printed, checked):
        act()
    figures: dict[str, list[float]] = {"bare": [], "printed": [], "bare_wall": [], "checked": []}
    for _round in range(_ROUNDS):
        figures["bare"].append(cpu(bare))
        figures["printed"].append(cpu(printed))
        figures["bare_wall"].append(_wall(bare))
        figures["checked"].append(_wall(checked))
    middle = {name: median(each) for name, each in figures.items()}
    return {
        "ratio": round(middle["printed"] / middle["bare"], 2),
        "checked_ratio": round(middle["checked"] / middle["bare_wall"], 2),
        "per_cpu_second": round(1 / middle["printed"], 1),
        "checked_ms": round(1000 * middle["checked"], 1),
    }
