"""Contract questions: the rules alone, and the command against the bare interpreter.

``simulations_per_second`` runs a mixed set of read cases in one thread; the limit is 10,000.
``beyond_start_s`` is CPU time of ``flask terms simulate`` less that of ``python -c pass``, medians of
interleaved runs; the limit is 0.3.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from portal.answers.case import Case
from portal.simulator.question import parse_case
from portal.simulator.run import simulate

_FLASK = Path(sys.executable).parent / "flask"
_BASE = {"customer": "business", "started_on": "2026-01-15", "monthly_fee_cents": 30_000}
_CASES: list[dict[str, Any]] = [
    {"contract": "natso", "plan": "annual", "customer": "consumer", "as_of": "2026-11-21"},
    {"contract": "natso", "plan": "monthly", "events": [{"on": "2026-11-21", "what": "terminate"}]},
    {
        "contract": "dropcloud",
        "plan": "annual",
        "started_on": "2025-11-20",
        "events": [
            {"on": "2026-08-20", "what": "terminate"},
            {"on": "2026-12-18", "what": "reversibility_request"},
        ],
    },
    {
        "contract": "dobaas",
        "plan": "36_months",
        "events": [
            {"on": "2027-01-12", "what": "terminate", "reason": "switch"},
            {"on": "2027-01-12", "what": "reversibility_request", "reason": "switch"},
        ],
    },
    {
        "contract": "numspot",
        "plan": "on_demand",
        "events": [
            {"on": "2026-12-01", "what": "formal_notice"},
            {"on": "2026-12-09", "what": "terminate", "by": "provider", "reason": "non_payment"},
        ],
    },
    {
        "contract": "numspot",
        "plan": "on_demand",
        "events": [
            {
                "on": "2026-03-15",
                "what": "late_payment",
                "due_on": "2026-01-31",
                "paid_on": "2026-03-15",
                "amount_cents": 71_244,
            }
        ],
    },
    {
        "contract": "numspot",
        "plan": "on_demand",
        "events": [
            {
                "on": "2026-11-10",
                "what": "sla_measure",
                "service": "object_storage",
                "measured_percent": 97.9,
                "mean_month_cents": 1_000_000,
                "invoice_cents": 1_000_000,
            }
        ],
    },
]


def _read(raw: dict[str, Any]) -> Case:
    return parse_case(json.loads(json.dumps({**_BASE, **raw}), parse_float=Decimal))


def _rate(cases: list[Case], seconds: float) -> float:
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for case in cases:
            simulate(case)
        done += len(cases)
    return done / (time.process_time() - started)


def _cpu(*command: str | Path) -> float:
    """CPU seconds, user and system, of a command that succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(options: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="bench terms")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    wanted = parser.parse_args(options)
    cases = [_read(raw) for raw in _CASES]
    _rate(cases, 0.2)
    rates = [_rate(cases, wanted.seconds) for _ in range(3)]
    bare, asked = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.json"
        path.write_text(json.dumps({**_BASE, **_CASES[2]}))
        for _ in range(wanted.rounds):
            bare.append(_cpu(sys.executable, "-c", "pass"))
            asked.append(_cpu(_FLASK, "terms", "simulate", path))
    return {
        "simulations_per_second": round(median(rates)),
        "beyond_start_s": round(median(asked) - median(bare), 3),
        "interpreter_s": round(median(bare), 3),
    }
