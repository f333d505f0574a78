"""The mails of a customer, on her page."""

from portal.access import may
from portal.correspondence.queries import mails_of, ways
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.panels import Panel


@customer_panel(rank=90)
def mails_panel(customer: Customer) -> Panel | None:
    if not may("mail:read"):
        return None
    mails = mails_of(customer)
    sending = may("mail:send")
    lines = [(mail, ways(mail, customer) if sending else []) for mail in mails]
    context = {"customer": customer, "mails": mails, "lines": lines}
    return Panel("correspondence/_customer_panel.html", context)
