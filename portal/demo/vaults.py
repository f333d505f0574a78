"""placeholder"""


def fill_vaults(*customers: object) -> None:
    """Placeholder."""
