"""A billing run and what follows it: customers and documents for each second of CPU.

``documents_per_cpu_s``: one invoice from its charge to its stored PDF, run and print together; at least 25.
``run_per_cpu_s`` is the run alone, with the debit and both mails written; ``bare_per_cpu_s`` a page
of lines by reportlab alone. ``rss_mb`` is the most that the process held.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.sepa import child


def bare_page() -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - measured in the child alone

    canvas = Canvas(BytesIO())
    for line in range(25):
        canvas.drawString(60, 760 - 20 * line, f"Facture FA-2026-000001, ligne {line}")
    canvas.save()


def run(count: int) -> dict[str, Any]:
    """Inside an application context, on an empty database."""
    from portal import jobs  # noqa: PLC0415 - needs the settings of the child
    from portal.billing.models import add_charge  # noqa: PLC0415
    from portal.billing.run import start_run  # noqa: PLC0415
    from portal.catalogue.models import Method  # noqa: PLC0415
    from portal.db import EVERYTHING, db, set_scope  # noqa: PLC0415
    from portal.journal import SYSTEM  # noqa: PLC0415
    from portal.resellers.models import LegalEntity  # noqa: PLC0415
    from tests.builders import a_customer, a_house  # noqa: PLC0415
    from tests.sepa.signed import sign_now  # noqa: PLC0415

    set_scope(EVERYTHING)
    house = a_house()
    entity = db.session.scalars(db.select(LegalEntity)).one()
    for number in range(count):
        customer = a_customer(house.reseller, name=f"Client {number}", siren=None, accepted="")
        sign_now(customer, entity)
        line: dict[str, Any] = {
            "label": "Sauvegarde",
            "quantity": 1,
            "unit_cents": 1000,
            "includes_vat": False,
        }
        add_charge(customer, origin=f"x{number}", method=Method.DIRECT_DEBIT, **line)
    start_run(entity, f"{time.gmtime().tm_year}-01", by=SYSTEM)
    db.session.commit()
    started = time.process_time()
    while jobs.run_one([jobs.Lane.RUNS]):
        pass
    billed = time.process_time()
    while jobs.run_one([jobs.Lane.PAPERS]):
        pass
    printed = time.process_time()
    for _ in range(count):
        bare_page()
    bare = time.process_time() - printed
    return {
        "documents_per_cpu_s": round(count / (printed - started), 1),
        "run_per_cpu_s": round(count / (billed - started), 1),
        "print_per_cpu_s": round(count / (printed - billed), 1),
        "bare_per_cpu_s": round(count / bare, 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "customers": count,
    }


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench billing")
    parser.add_argument("--customers", type=int, default=300)
    wanted = parser.parse_args(options)
    from tests.installation import an_installation  # noqa: PLC0415 - needs the database's address

    with tempfile.TemporaryDirectory() as folder, an_installation(Path(folder)) as place:
        return child("billing", place.environment, wanted.customers)


if __name__ == "__main__":
    from app import create_app

    with create_app().app_context():
        print(json.dumps(run(int(sys.argv[1]))))
