"""Lists: said once, shown as a page, as cards on a phone, as CSV and as a workbook."""

from portal.listing.cells import Cell, Euros, Link, Pill, Quantity, Size
from portal.listing.definition import (
    ALWAYS,
    FILE,
    LISTINGS,
    NAME,
    WIDE,
    Bulk,
    Choice,
    Column,
    Listing,
    Near,
    Nothing,
    Period,
    Search,
    define,
)

__all__ = [
    "ALWAYS",
    "FILE",
    "LISTINGS",
    "NAME",
    "WIDE",
    "Bulk",
    "Cell",
    "Choice",
    "Column",
    "Euros",
    "Link",
    "Listing",
    "Near",
    "Nothing",
    "Period",
    "Pill",
    "Quantity",
    "Search",
    "Size",
    "define",
]
