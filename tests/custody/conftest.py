"""A vault with a real repository, and the customer who owns it."""

from typing import Any

import pytest

from tests import vaulting
from tests.vault_fixtures import agent, customer, own_vault, repository, subscription, vault  # noqa: F401


@pytest.fixture
def owner(customer) -> Any:  # noqa: F811
    """The customer's own account."""
    return vaulting.a_customer_user(customer)
