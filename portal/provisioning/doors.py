"""Who may come in at a store follows what is committed: by its files, or by the users of its buckets."""

from typing import Any

from portal import jobs
from portal.db import new_uid
from portal.provisioning.models import Maintenance, StoreKind, VaultHome, VaultStore


def write_doors_later(store: VaultStore | None, owner: Any) -> None:
    """The files of the store follow as soon as this transaction is there.

    owner: the organisation whose transaction asks.
    """
    if store is not None and store.kind == StoreKind.REST:
        jobs.enqueue("stores.doors", f"{store.uid}:{new_uid()}", owner)


def follow_doors(home: VaultHome) -> None:
    """Who may come in, as soon as this transaction is there: the files of a server, the user of a bucket."""
    if home.store is not None and home.store.makes_users:
        jobs.enqueue("vaults.bucket_keys", f"{home.uid}:{new_uid()}", home.customer.organisation)
    write_doors_later(home.store, home.customer.organisation)


def leave_doors(home: VaultHome, store: VaultStore) -> None:
    """Nobody comes in at the place that the vault has left, as soon as this transaction is there."""
    if store.makes_users:
        ref = f"{home.uid}:{store.uid}:{new_uid()}"
        jobs.enqueue("vaults.bucket_leave", ref, home.customer.organisation)
    write_doors_later(store, home.customer.organisation)


def follow_window(row: Maintenance) -> None:
    """Opened or closed where its vault is now, as soon as this transaction is there."""
    store, owner = row.home.store, row.home.customer.organisation
    if store is not None and store.makes_users:
        jobs.enqueue("vaults.bucket_window", f"{row.uid}:{store.uid}:{new_uid()}", owner)
    write_doors_later(store, owner)
