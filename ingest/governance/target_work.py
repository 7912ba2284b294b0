"""What a target may ask of its rows beyond columns and place, as the steps of a load meet it. Most targets ask nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import psycopg
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ingest.record import Batch, Finding


class Examined(Protocol):
    """One batch of rows on its way, as far as it is known: columns of the target by name, geometries in EPSG:4326."""

    batch: Batch
    columns: dict[str, list[Any]]
    geometry: NDArray[Any]
    notes: list[tuple[int, Finding, BaseGeometry | None]]

    def refuse(self, at: int, finding: Finding) -> None:
        """Row ``at`` goes to quarantine."""

    def alive(self) -> list[int]:
        """Positions of rows that nothing refused yet."""


class TargetWork:
    """A target's own steps; as it stands, none."""

    columns: tuple[str, ...] = ()  # filled here beside what is mapped: they follow from the city and are no part of a row's content

    def regroup(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The delivery as it goes on to the other steps."""
        return batches

    def examine(self, work: Examined) -> None:
        """Refuse rows, note findings, settle geometries."""

    def content(self, good: list[int]) -> list[str] | None:
        """What is part of these rows' content though no column holds it: a row that differs in it is a changed row."""
        return None

    def stood(self, good: list[int], keys: list[str]) -> None:
        """These rows are good; ``keys`` are those of the whole batch."""

    def filled(self, good: list[int]) -> list[list[str]]:
        """``columns`` of these rows as COPY takes them."""
        return []

    def settle(self, connection: psycopg.Connection, run_id: int, changed: bool) -> None:
        """What follows once all rows are written; ``changed`` says whether any was written or is gone."""
