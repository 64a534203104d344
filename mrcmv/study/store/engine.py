"""A connection to SQLite that loses no confirmed answer, or to PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from mrcmv.media import UserError

WAIT_S = 30.0


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://...`` (then by psycopg).

    SQLite: write-ahead log, and every commit is on the disk before it is answered
    (``synchronous=FULL``), so that neither the process nor the machine can lose it. Transactions that
    write take the write lock when they begin: none has to be repeated because another was quicker.
    Those with the execution option ``reads`` wait for nobody.

    Raises
    ------
    mrcmv.media.UserError
        The address is of neither kind.
    """
    try:
        address = make_url(url)
        if address.drivername in ("postgres", "postgresql"):
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() == "postgresql":
            return create_engine(address, pool_pre_ping=True, pool_size=8, max_overflow=8)
        if address.get_backend_name() != "sqlite":
            raise ArgumentError
    except (ArgumentError, NoSuchModuleError):
        raise UserError(
            "This database cannot be used: give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    engine = create_engine(address, connect_args={"timeout": WAIT_S, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
