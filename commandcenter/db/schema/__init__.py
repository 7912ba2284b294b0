"""What the city's database holds: the one description of every table.

Stored coordinates are EPSG:4326 (WGS 84; CGCS2000 is taken as coincident, below 1 m). ``geom_3857`` columns are
derived by PostgreSQL itself and serve tiles only: nothing is measured or buffered in them. Grid plans and unit
cells are exact in ``geom_metric`` (the city's metric CRS, rounded to 1 mm; no SRID typmod, because the SRID is
the city's own). Suffixes carry units: ``_m``, ``_m2``, ``_s``, ``_deg``. Policies, triggers and functions stand in the migrations.
"""

from __future__ import annotations

from commandcenter.db.schema.base import STORED_SRID, TILE_SRID, Base, Placed, Sourced

# Tables stand in the metadata in the order of these lines.
# isort: off
from commandcenter.db.schema.registers import City, Source
from commandcenter.db.schema.ledger import (
    Correction,
    IngestBefore,
    IngestFinding,
    IngestPreview,
    IngestRaw,
    IngestRun,
    MappingVersion,
    Quarantine,
    Upload,
)
from commandcenter.db.schema.governance import Area, DivisionCode, Grid, GridPlan, UnitCell
from commandcenter.db.schema.ground import Address, BaseFeature, Building, Compound, HouseholdCount
from commandcenter.db.schema.households import Household, Person, PersonPrivate
from commandcenter.db.schema.sky_eye import Camera
from commandcenter.db.schema.matters import Case
from commandcenter.db.schema.things import Component, KeySite, ServicePoint, Track
from commandcenter.db.schema.people import Account, Appointment, Role, SignIn
from commandcenter.db.schema import cases as _cases  # noqa: F401
from commandcenter.db.schema.derived import LayerChange, SearchDoc, SearchGram
from commandcenter.db.schema.audit import AuditChain, AuditCheckpoint, AuditEvent, AuditWaiting
# isort: on

__all__ = [
    "STORED_SRID",
    "TILE_SRID",
    "Account",
    "Address",
    "Appointment",
    "Area",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditWaiting",
    "Base",
    "BaseFeature",
    "Building",
    "Camera",
    "Case",
    "City",
    "Component",
    "Compound",
    "Correction",
    "DivisionCode",
    "Grid",
    "GridPlan",
    "Household",
    "HouseholdCount",
    "IngestBefore",
    "IngestFinding",
    "IngestPreview",
    "IngestRaw",
    "IngestRun",
    "KeySite",
    "LayerChange",
    "MappingVersion",
    "Person",
    "PersonPrivate",
    "Placed",
    "Quarantine",
    "Role",
    "SearchDoc",
    "SearchGram",
    "ServicePoint",
    "SignIn",
    "Source",
    "Sourced",
    "Track",
    "UnitCell",
    "Upload",
]
