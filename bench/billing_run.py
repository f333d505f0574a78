"""One billing run, as its worker does it; then some of its documents, and as many bare pages."""

import json
import resource
import sys
import time
from collections.abc import Callable
from io import BytesIO

from app import create_app
from portal import clock, jobs
from portal.billing.models import BillingRun
from portal.billing.run import start_run
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.resellers.models import LegalEntity


def bare_page() -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - loaded by whoever prints first

    canvas = Canvas(BytesIO())
    for line in range(25):
        canvas.drawString(60, 760 - 20 * line, f"Facture FA-2026-000001, ligne {line}")
    canvas.save()


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def bill() -> None:
    while jobs.run_one([jobs.Lane.RUNS]):
        pass


def printed(count: int) -> None:
    for _ in range(count):
        if not jobs.run_one([jobs.Lane.PAPERS]):
            raise RuntimeError("there are fewer documents than that")


def main(documents: int) -> dict[str, float]:
    set_scope(EVERYTHING)
    entity = db.session.scalars(db.select(LegalEntity)).one()
    start_run(entity, f"{clock.today():%Y-%m}", by=SYSTEM)
    db.session.commit()
    seconds, billing = spent(bill)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    set_scope(EVERYTHING)
    invoices = db.session.scalars(db.select(BillingRun.invoices)).one()
    db.session.rollback()
    printed(1)  # fonts and libraries are loaded
    _seconds, printing = spent(lambda: printed(documents))
    _seconds, bare = spent(lambda: [bare_page() for _ in range(documents)])
    return {
        "seconds": round(seconds, 1),
        "invoices": invoices,
        "run_per_cpu_s": round(invoices / billing, 1),
        "documents_per_cpu_s": round(1 / (billing / invoices + printing / documents), 1),
        "print_per_cpu_s": round(documents / printing, 1),
        "bare_per_cpu_s": round(documents / bare, 1),
        "rss_mb": round(held / 1024),
    }


with create_app().app_context():
    print(json.dumps(main(int(sys.argv[1]))))
