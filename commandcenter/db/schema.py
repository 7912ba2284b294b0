"""What the city's database holds: the one description of every table.

Stored coordinates are EPSG:4326 (WGS 84; CGCS2000 is taken as coincident, below 1 m). ``geom_3857`` columns are
derived by PostgreSQL itself and serve tiles only: nothing is measured or buffered in them. Grid plans and unit
cells are exact in ``geom_metric`` (the city's metric CRS, rounded to 1 mm; no SRID typmod, because the SRID is
the city's own). Suffixes carry units: ``_m``, ``_m2``, ``_s``, ``_deg``. Policies, triggers and functions stand in the migrations.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Computed, Date, DateTime, Double, ForeignKey
from sqlalchemy import Identity, Index, Integer, SmallInteger, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

STORED_SRID = 4326
TILE_SRID = 3857


class Base(DeclarativeBase):
    """Every table of one city's database."""

    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), date: Date, float: Double, int: Integer}


def _one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list as text + CHECK: enum operators are not leakproof, so an enum would lose its index under policies."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known")


def _big_key() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def _stored(kind: str) -> Mapped[Any]:
    return mapped_column(Geometry(kind, srid=STORED_SRID, spatial_index=False), nullable=False)


def _in_tile_projection(kind: str, expression: str = "ST_Transform(geom, 3857)") -> Mapped[Any]:
    return mapped_column(
        Geometry(kind, srid=TILE_SRID, spatial_index=False), Computed(expression, persisted=True), nullable=True
    )


def _tile_index(table: str) -> Index:
    return Index(f"{table}_geom_3857", "geom_3857", postgresql_using="gist")


class Placed:
    """Where a row belongs: the codes of the areas, grid and unit cell that contain it (point in polygon at write time)."""

    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    grid_code: Mapped[str | None]
    unit_cell_code: Mapped[str | None]


class Sourced:
    """Where a row comes from: its source, its key there, and the hash of the mapped row (unchanged rows are not written)."""

    @declared_attr
    def source(cls) -> Mapped[str]:
        return mapped_column(ForeignKey("source.name"), nullable=False)

    source_key: Mapped[str]
    row_hash: Mapped[str | None]

    @declared_attr
    def run_id(cls) -> Mapped[int | None]:
        return mapped_column(BigInteger, ForeignKey("ingest_run.id"), nullable=True)


class City(Base):
    """The one city this database belongs to, as its city file says."""

    __tablename__ = "city"
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    code: Mapped[str]
    metric_srid: Mapped[int]
    time_zone: Mapped[str]
    centre_lon: Mapped[float]
    centre_lat: Mapped[float]
    synthetic: Mapped[bool]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Source(Base):
    """A department's feed: owner, licence, cadence and freshness; ``target`` names the table it fills."""

    __tablename__ = "source"
    name: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str]
    owner: Mapped[str]
    licence: Mapped[str]
    attribution: Mapped[str]
    cadence_s: Mapped[int | None] = mapped_column(BigInteger)  # None: delivered once, never late
    synthetic: Mapped[bool] = mapped_column(server_default="false")
    estimated: Mapped[bool] = mapped_column(server_default="false")
    data_as_of: Mapped[datetime | None]
    last_good_run_at: Mapped[datetime | None]
    row_count: Mapped[int] = mapped_column(BigInteger, server_default="0")


class IngestRun(Base):
    """One run of one mapping over one file: read = loaded + unchanged + quarantined, for ever."""

    __tablename__ = "ingest_run"
    __table_args__ = (
        CheckConstraint("rows_read = loaded + unchanged + quarantined", name="every_row_is_accounted_for"),
        _one_of("status", "running", "done", "failed"),
    )
    id: Mapped[int] = _big_key()
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    mapping: Mapped[str]
    file_name: Mapped[str]
    file_sha256: Mapped[str]
    status: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    rows_read: Mapped[int] = mapped_column(BigInteger, server_default="0")
    loaded: Mapped[int] = mapped_column(BigInteger, server_default="0")
    unchanged: Mapped[int] = mapped_column(BigInteger, server_default="0")
    quarantined: Mapped[int] = mapped_column(BigInteger, server_default="0")
    message: Mapped[str | None]


class Quarantine(Base):
    """A refused row with its line, field, rule, reason in both languages and its raw text."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("quarantine_run", "run_id", "line"),)
    id: Mapped[int] = _big_key()
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ingest_run.id"))
    line: Mapped[str]  # line number, feature index, or OSM id: where the reader found it
    field: Mapped[str | None]
    rule: Mapped[str]
    sentence: Mapped[str]
    sentence_en: Mapped[str]
    raw: Mapped[str]


class Area(Sourced, Base):
    """A node of the tree city > district > street > community; ``generated`` marks synthetic or derived polygons."""

    __tablename__ = "area"
    __table_args__ = (
        _one_of("level", "city", "district", "street", "community"),
        UniqueConstraint("source", "source_key"),
        _tile_index("area"),
        Index("area_geom", "geom", postgresql_using="gist"),
        Index("area_parent", "parent_code"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str] = mapped_column(unique=True)
    code_system: Mapped[str]
    other_codes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    level: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("area.code"))
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    name: Mapped[str]
    name_en: Mapped[str | None]
    generated: Mapped[bool]
    area_m2: Mapped[float]
    geom: Mapped[Any] = _stored("MULTIPOLYGON")
    geom_3857: Mapped[Any] = _in_tile_projection("MULTIPOLYGON")
    geom_3857_low: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    label_3857: Mapped[Any] = _in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class GridPlan(Base):
    """One complete, versioned set of grids. Published plans never change."""

    __tablename__ = "grid_plan"
    __table_args__ = (_one_of("status", "draft", "in_review", "published", "retired"),)
    id: Mapped[int] = _big_key()
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    title_en: Mapped[str]
    status: Mapped[str]
    rule: Mapped[str]  # households per grid this plan was drawn for, "100-200"
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]


class Grid(Sourced, Base):
    """The polygon one grid worker answers for, in one plan. Households are counted from buildings; ``households_estimated`` says when they are guessed."""

    __tablename__ = "grid"
    __table_args__ = (
        _one_of("kind", "basic", "micro", "special", "village"),
        UniqueConstraint("plan_id", "kind", "code"),
        UniqueConstraint("source", "source_key"),
        _tile_index("grid"),
        Index("grid_geom", "geom", postgresql_using="gist"),
        CheckConstraint("ST_SRID(geom_metric) <> 0", name="geom_metric_has_srid"),
    )
    id: Mapped[int] = _big_key()
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("grid_plan.id"))
    kind: Mapped[str]
    code: Mapped[str]
    code_system: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    households: Mapped[int]
    persons: Mapped[int | None]
    households_estimated: Mapped[bool]
    area_m2: Mapped[float]
    open_cases: Mapped[int] = mapped_column(server_default="0")  # counted by refresh_grid_counts()
    overdue_cases: Mapped[int] = mapped_column(server_default="0")
    cameras: Mapped[int] = mapped_column(server_default="0")
    cameras_working: Mapped[int] = mapped_column(server_default="0")
    counted_at: Mapped[datetime | None]
    geom_metric: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=-1, spatial_index=False))
    geom: Mapped[Any] = _stored("POLYGON")
    geom_3857: Mapped[Any] = _in_tile_projection("POLYGON")
    geom_3857_mid: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    geom_3857_low: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)
    label_3857: Mapped[Any] = _in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class UnitCell(Sourced, Base):
    """Management cell of about 10 000 m2 (单元网格), 15-digit code; not a household grid."""

    __tablename__ = "unit_cell"
    __table_args__ = (
        UniqueConstraint("code_system", "code"),
        UniqueConstraint("source", "source_key"),
        _tile_index("unit_cell"),
        Index("unit_cell_geom", "geom", postgresql_using="gist"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str]
    code_system: Mapped[str]
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    land_use: Mapped[str | None]
    area_m2: Mapped[float]
    geom: Mapped[Any] = _stored("POLYGON")
    geom_3857: Mapped[Any] = _in_tile_projection("POLYGON")


class BaseFeature(Sourced, Base):
    """The electronic map's ground: water, green, land use, roads, rail and place names."""

    __tablename__ = "base_feature"
    __table_args__ = (
        _one_of("theme", "water", "waterway", "green", "land_use", "road", "rail", "place"),
        UniqueConstraint("source", "source_key"),
        Index("base_feature_geom_3857", "theme", "geom_3857", postgresql_using="gist"),
        Index("base_feature_label_3857", "label_3857", postgresql_using="gist", postgresql_where="label_3857 is not null"),
    )
    id: Mapped[int] = _big_key()
    theme: Mapped[str]
    # road: motorway trunk primary secondary tertiary residential service path; water: river lake pond stream canal;
    # green: park garden forest grass; land_use: residential commercial industrial education medical public farmland;
    # rail: rail tram subway; place: city district suburb neighbourhood village landmark
    class_: Mapped[str] = mapped_column("class")
    name: Mapped[str | None]
    name_en: Mapped[str | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger)  # tile zoom from which it is drawn
    stacking: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # OSM layer: -1 tunnel, 1 bridge
    is_bridge: Mapped[bool] = mapped_column(server_default="false")
    is_tunnel: Mapped[bool] = mapped_column(server_default="false")
    geom: Mapped[Any] = _stored("GEOMETRY")
    geom_3857: Mapped[Any] = _in_tile_projection("GEOMETRY")
    label_3857: Mapped[Any] = _in_tile_projection(
        "POINT", "case when name is null or ST_Dimension(geom) = 1 then null else ST_PointOnSurface(ST_Transform(geom, 3857)) end"
    )


class Compound(Placed, Sourced, Base):
    """Residential compound (小区) with its boundary; planners avoid cutting it."""

    __tablename__ = "compound"
    __table_args__ = (UniqueConstraint("source", "source_key"), _tile_index("compound"))
    id: Mapped[int] = _big_key()
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    households: Mapped[int | None]
    built_year: Mapped[int | None]
    property_company: Mapped[str | None]
    geom: Mapped[Any] = _stored("POLYGON")
    geom_3857: Mapped[Any] = _in_tile_projection("POLYGON")
    label_3857: Mapped[Any] = _in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class Building(Placed, Sourced, Base):
    """A building: public geography (everybody's map). Its household counts stand in household_count, behind the jurisdiction."""

    __tablename__ = "building"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        _tile_index("building"),
        Index("building_far", "geom_3857", postgresql_using="gist", postgresql_where="min_zoom <= 12"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str | None]
    name: Mapped[str | None]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    # residential commercial office industrial education medical public religious garage other
    use: Mapped[str]
    levels: Mapped[int | None]
    height_m: Mapped[float | None]
    compound_code: Mapped[str | None]
    min_zoom: Mapped[int] = mapped_column(
        SmallInteger,
        Computed("case when ST_Area(geom::geography) >= 1500 then 12 when ST_Area(geom::geography) >= 300 then 13 else 14 end", persisted=True),
        nullable=True,
    )
    geom: Mapped[Any] = _stored("GEOMETRY")
    geom_3857: Mapped[Any] = _in_tile_projection("GEOMETRY", "ST_ForcePolygonCW(ST_Transform(geom, 3857))")


class HouseholdCount(Placed, Sourced, Base):
    """Households of one building by kind of count, with source and date; people stand nowhere in this table."""

    __tablename__ = "household_count"
    __table_args__ = (UniqueConstraint("source", "source_key"), Index("household_count_grid", "grid_code"))
    id: Mapped[int] = _big_key()
    building_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("building.id"), unique=True)
    resident: Mapped[int]  # 常住户
    registered: Mapped[int | None]  # 户籍户
    vacant: Mapped[int | None]  # 空置户
    persons: Mapped[int | None]
    estimated: Mapped[bool]
    counted_on: Mapped[date]


class Address(Placed, Sourced, Base):
    """An address point."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("source", "source_key"), _tile_index("address"))
    id: Mapped[int] = _big_key()
    house_number: Mapped[str | None]
    street: Mapped[str | None]
    label: Mapped[str]
    geom: Mapped[Any] = _stored("POINT")
    geom_3857: Mapped[Any] = _in_tile_projection("POINT")


class Camera(Placed, Sourced, Base):
    """A sky-eye device (监控点位), GB/T 28181 code where it has one. Azimuth is degrees clockwise from north."""

    __tablename__ = "camera"
    __table_args__ = (
        _one_of("status", "working", "faulty", "unknown"),
        _one_of("shape", "bullet", "dome", "ptz", "panoramic", "unknown"),
        CheckConstraint("azimuth_deg >= 0 and azimuth_deg < 360", name="azimuth_is_a_bearing"),
        CheckConstraint("hfov_deg > 0 and hfov_deg <= 360", name="hfov_is_an_angle"),
        UniqueConstraint("source", "source_key"),
        _tile_index("camera"),
        Index("camera_sector", "sector_3857", postgresql_using="gist"),
        Index("camera_grid", "grid_code"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str | None]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    shape: Mapped[str]
    ptz_type: Mapped[int | None]  # GB/T 28181-2022 PTZType 1-7
    industry_code: Mapped[str | None]
    point_class: Mapped[int | None]  # 1 一类 2 二类 3 三类 9 其他
    azimuth_deg: Mapped[float | None]
    azimuth_source: Mapped[str | None]  # catalogue, surveyed, text, osm
    hfov_deg: Mapped[float | None]
    max_view_distance_m: Mapped[float | None]
    focal_mm: Mapped[float | None]
    width_px: Mapped[int | None]
    mount: Mapped[str | None]
    mount_height_m: Mapped[float | None]
    place_kind: Mapped[str | None]
    owner: Mapped[str | None]
    status: Mapped[str]
    status_at: Mapped[datetime | None]
    installed_on: Mapped[date | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="14")  # thinning: lowest tile zoom that draws it
    geom: Mapped[Any] = _stored("POINT")
    geom_3857: Mapped[Any] = _in_tile_projection("POINT")
    sector_3857: Mapped[Any] = mapped_column(Geometry("POLYGON", srid=TILE_SRID, spatial_index=False), nullable=True)


class Case(Placed, Sourced, Base):
    """A matter (事项). Its business clock here runs from ``started_at`` to ``due_at``; born_grid_code never changes."""

    __tablename__ = "cases"
    __table_args__ = (
        _one_of("kind", "component", "event", "grid", "hotline", "enforcement"),
        UniqueConstraint("source", "source_key"),
        Index("cases_open_geom_3857", "geom_3857", postgresql_using="gist", postgresql_where="is_open"),
        Index("cases_geom_3857", "geom_3857", postgresql_using="gist"),
        Index("cases_open_due", "due_at", postgresql_where="is_open"),
        Index("cases_open_grid", "grid_code", postgresql_where="is_open"),
        Index("cases_reported", "reported_at"),
        Index("cases_number", "number"),
    )
    id: Mapped[int] = _big_key()
    number: Mapped[str]
    kind: Mapped[str]
    category_code: Mapped[str | None]
    category_system: Mapped[str | None]
    major: Mapped[str]  # large class, as displayed
    minor: Mapped[str]  # small class, as displayed
    major_en: Mapped[str | None]
    minor_en: Mapped[str | None]
    description: Mapped[str | None]
    origin: Mapped[str]  # patrol, public, hotline, video, leader, department, iot
    # states of domain 1.9.2: pending_register pending_dispatch pending_handle handling pending_check closed ...
    state: Mapped[str]
    is_open: Mapped[bool]
    address: Mapped[str | None]
    department: Mapped[str | None]
    component_code: Mapped[str | None]
    limit_text: Mapped[str | None]
    reported_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    born_grid_code: Mapped[str | None]
    geom: Mapped[Any] = _stored("POINT")
    geom_3857: Mapped[Any] = _in_tile_projection("POINT")


class ServicePoint(Placed, Sourced, Base):
    """A place that serves residents (便民服务网点); class 公共/公益/社会化/市场化."""

    __tablename__ = "service_point"
    __table_args__ = (
        _one_of("class", "public", "welfare", "social", "market"),
        UniqueConstraint("source", "source_key"),
        _tile_index("service_point"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str | None]
    class_: Mapped[str] = mapped_column("class")
    # office clinic hospital pharmacy school kindergarten library police fire elderly legal post bank market toilet ...
    kind: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    opening_hours: Mapped[str | None]  # OSM opening_hours syntax
    services: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    phone: Mapped[str | None]
    floor_area_m2: Mapped[float | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="13")
    geom: Mapped[Any] = _stored("POINT")
    geom_3857: Mapped[Any] = _in_tile_projection("POINT")


class Component(Placed, Sourced, Base):
    """A city component (城市部件): street furniture and facilities, 16-digit code with its code system."""

    __tablename__ = "component"
    __table_args__ = (
        _one_of("state", "intact", "damaged", "missing", "abandoned", "unknown"),
        UniqueConstraint("source", "source_key"),
        _tile_index("component"),
    )
    id: Mapped[int] = _big_key()
    code: Mapped[str | None]
    code_system: Mapped[str | None]  # GBT30428_2, CJT214, NEW_16, osm
    major_code: Mapped[str]
    minor_code: Mapped[str]
    class_name: Mapped[str]
    class_name_en: Mapped[str | None]
    name: Mapped[str | None]
    state: Mapped[str]
    department: Mapped[str | None]
    owner: Mapped[str | None]
    surveyed_on: Mapped[date | None]
    min_zoom: Mapped[int] = mapped_column(SmallInteger, server_default="15")
    geom: Mapped[Any] = _stored("POINT")
    geom_3857: Mapped[Any] = _in_tile_projection("POINT")


class KeySite(Placed, Sourced, Base):
    """A place that must be seen (重点部位): point, line or polygon with its legal class."""

    __tablename__ = "key_site"
    __table_args__ = (UniqueConstraint("source", "source_key"), _tile_index("key_site"))
    id: Mapped[int] = _big_key()
    code: Mapped[str | None]
    legal_class: Mapped[str]  # "7.1", "7.2(1)", "7.2(2)", "7.2(4)" of the public-security video regulation
    kind: Mapped[str]  # square bridge station school hospital mall scenic park government venue market
    name: Mapped[str]
    name_en: Mapped[str | None]
    address: Mapped[str | None]
    geom: Mapped[Any] = _stored("GEOMETRY")
    geom_3857: Mapped[Any] = _in_tile_projection("GEOMETRY")
    label_3857: Mapped[Any] = _in_tile_projection("POINT", "ST_PointOnSurface(ST_Transform(geom, 3857))")


class LayerChange(Base):
    """One row per committed change of a layer's table; a layer's version is the count of its rows. Only appended."""

    __tablename__ = "layer_change"
    __table_args__ = (Index("layer_change_table", "table_name", "id"),)
    id: Mapped[int] = _big_key()
    table_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class SearchDoc(Base):
    """One findable thing: its name, code and address, where it is, and whose jurisdiction it lies in."""

    __tablename__ = "search_doc"
    __table_args__ = (
        UniqueConstraint("layer", "ref_id"),
        Index("search_doc_code", "code", postgresql_ops={"code": "text_pattern_ops"}),
        Index("search_doc_street", "street_code"),
        Index("search_doc_community", "community_code"),
    )
    id: Mapped[int] = _big_key()
    layer: Mapped[str]
    ref_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str]
    title_en: Mapped[str | None]
    detail: Mapped[str | None]
    code: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger)  # 0 first
    public: Mapped[bool] = mapped_column(Boolean, server_default="false")
    district_code: Mapped[str | None]
    street_code: Mapped[str | None]
    community_code: Mapped[str | None]
    lon: Mapped[float]
    lat: Mapped[float]
    # What a phrase is looked for in: all words, lower case, without spaces.
    needle: Mapped[str] = mapped_column(
        Computed(
            "lower(regexp_replace(coalesce(title, '') || ' ' || coalesce(title_en, '') || ' ' || coalesce(detail, ''), '\\s+', '', 'g'))",
            persisted=True,
        ),
        nullable=True,
    )


class SearchGram(Base):
    """Two-character windows of the searchable text, in rank order: a two-character Chinese search reads one short range."""

    __tablename__ = "search_gram"
    gram: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    doc_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
