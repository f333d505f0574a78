"""How much of what was sold is paid for, and until when a commission is paid."""

from datetime import date

from portal.deadlines import add_months, end_of_month


def earned(sold: int, bought: int, *, credited: int, received: int, payable: int) -> tuple[int, int]:
    """Of one charge, the part of its sale and of its cost that the customer's money covers so far.

    sold, bought, credited: cents without VAT of the charge. received, payable: cents with VAT of its whole
    invoice, less what was given back and credited; what is paid of it is paid of each charge alike. Nothing
    is earned of what was credited, nor before it is paid.

    Source: C. com. L134-9, L134-10.
    """
    kept = max(sold - credited, 0)
    if payable <= 0 or received <= 0:
        return 0, 0
    paid = min(received, payable)
    if sold <= 0:
        return 0, bought * paid // payable
    return kept * paid // payable, bought * kept * paid // (sold * payable)


def pay_by(month: date) -> date:
    """The last day for paying a commission earned in a month: the end of the month after its quarter.

    month: its first day.

    Source: C. com. L134-9.
    """
    return end_of_month(add_months(month.replace(day=1), 3 - (month.month - 1) % 3))


def settled(carried: int, margin: int) -> tuple[int, int]:
    """What is paid, and what the next statement begins with, in cents without VAT.

    carried: what was taken back and is still to be made good, never above zero. margin: of this month.

    Source: C. com. L134-10.
    """
    balance = carried + margin
    return max(balance, 0), min(balance, 0)
