"""The main pages, and a process that asks for one whenever it is told to and prints its milliseconds."""

import gc
import json
import sys
import time

from app import create_app

UID = "c000000000000100"
PAGES = (
    ("operator", "/"),
    ("owner", "/"),
    ("operator", "/customers"),
    ("owner", "/customers"),
    ("operator", "/customers?q=atelier"),
    ("operator", "/customers?q=port"),
    ("operator", "/customers?q=000000500"),
    ("operator", f"/customers/{UID}"),
    ("operator", f"/customers/{UID}/orders/new"),
    ("owner", "/today/news"),
    ("operator", "/trends"),
    ("owner", "/trends"),
    ("operator", "/mails"),
    ("owner", "/mails"),
    ("operator", "/orders"),
    ("finance", "/orders?state=awaiting_payment"),
    ("operator", "/subscriptions"),
    ("operator", "/subscriptions?order=due"),
    ("finance", "/billing/invoices"),
    ("owner", "/billing/invoices"),
    ("finance", "/billing/runs"),
    ("operator", "/sepa/mandates"),
    ("operator", "/sepa/mandates/lapsing"),
    ("finance", "/sepa/collections"),
    ("finance", "/sepa/batches"),
    ("finance", "/sepa/creditors"),
    ("finance", "/sepa/returns"),
    ("operator", "/backups"),
    ("owner", "/backups"),
    ("operator", "/backups?q=poste-5"),
    ("operator", "/backups?state=failed"),
    ("operator", "/vaults"),
    ("operator", "/reversibility"),
    ("operator", "/restore-requests"),
    ("finance", "/usage-gaps"),
    ("operator", "/terms"),
    ("operator", "/prices"),
    ("operator", "/work"),
    ("operator", "/search"),
    ("operator", "/search?q=atelier"),
    ("owner", "/search?q=atelier"),
    ("operator", "/search?q=rennes+martin+500"),
    ("owner", "/search?q=rennes+martin+500"),
    ("operator", "/search?q=rennes+port"),
    ("owner", "/search?q=poste"),
    ("operator", "/search?q=000500"),
    ("owner", "/search?q=000500"),
    ("finance", "/search?q=c500%40client.example"),
)


def main(cookies: dict[str, str]) -> None:
    application = create_app()
    name = application.config["SIGN_IN_COOKIE"]
    gc.freeze()  # what is loaded stays: only what a page leaves behind is collected, between two pages
    for line in sys.stdin:
        role, path = json.loads(line)
        client = application.test_client()
        client.set_cookie(name, cookies[role])
        gc.collect()
        started = time.perf_counter()
        answer = client.get(path)
        answer.get_data()
        seconds = time.perf_counter() - started
        if answer.status_code not in {200, 204}:
            raise RuntimeError(f"{role} {path}: {answer.status_code}")
        print(round(seconds * 1000, 2), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
