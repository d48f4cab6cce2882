"""The tables of the store, a file per subject; `metadata` knows them all."""

from breakwater.store.tables import accounting, audit_trail, breaks, causes, delivery, files, findings, incidents, payments, runs
from breakwater.store.tables.columns import metadata

__all__ = ["accounting", "audit_trail", "breaks", "causes", "delivery", "files", "findings", "incidents", "metadata", "payments", "runs"]
