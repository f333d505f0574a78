"""Public registers that are asked about a party: VAT numbers of the Union, companies of France."""

from portal.registers.companies import Company, find_company
from portal.registers.http import Unreachable
from portal.registers.vies import VatAnswer, ask_vies

__all__ = ["Company", "Unreachable", "VatAnswer", "ask_vies", "find_company"]
