"""``python -m bench NAME [options] --json``: one JSON object as the last line; ``all`` runs everything."""

import argparse
import importlib
import json
import os
import sys

NAMES = (
    "pages",
    "scale",
    "billing",
    "jobs",
    "terms",
    "sepa",
    "returns",
    "statement",
    "signing",
    "export",
    "folder",
    "usage",
    "activation",
    "api",
    "webhooks",
    "invoice_pdf",
)


def main() -> int:
    os.environ.setdefault("SECOND_FACTOR", "offered")  # people of the measures have none
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("name", choices=(*NAMES, "all"))
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments, rest = parser.parse_known_args()
    if arguments.name == "all":
        for name in NAMES:
            for figure, value in importlib.import_module(f"bench.{name}").measure([]).items():
                print(f"{name:<12}{figure:<24}{value}", flush=True)
        return 0
    figures = importlib.import_module(f"bench.{arguments.name}").measure(rest)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for figure, value in figures.items():
            print(f"{figure:<24}{value}")
    return 0


sys.exit(main())
