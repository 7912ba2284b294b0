-- Every table of the first migration, frozen.

CREATE TABLE city (
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT NOT NULL,
  code TEXT NOT NULL,
  metric_srid INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  centre_lon DOUBLE PRECISION NOT NULL,
  centre_lat DOUBLE PRECISION NOT NULL,
  synthetic BOOLEAN NOT NULL,
  settings JSONB NOT NULL,
  PRIMARY KEY (key)
);

CREATE TABLE grid_plan (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT NOT NULL,
  status TEXT NOT NULL,
  rule TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE,
  valid_to TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT status_is_known CHECK (status in ('draft', 'in_review', 'published', 'retired')),
  UNIQUE (code)
);

CREATE TABLE layer_change (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  table_name TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (id)
);

CREATE INDEX layer_change_table ON layer_change (table_name, id);

CREATE TABLE search_doc (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  layer TEXT NOT NULL,
  ref_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT,
  detail TEXT,
  code TEXT,
  rank SMALLINT NOT NULL,
  public BOOLEAN DEFAULT 'false' NOT NULL,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  lon DOUBLE PRECISION NOT NULL,
  lat DOUBLE PRECISION NOT NULL,
  needle TEXT GENERATED ALWAYS AS (lower(regexp_replace(coalesce(title, '') || ' ' || coalesce(title_en, '') || ' ' || coalesce(detail, ''), '\s+', '', 'g'))) STORED,
  PRIMARY KEY (id),
  UNIQUE (layer, ref_id)
);

CREATE INDEX search_doc_code ON search_doc (code text_pattern_ops);

CREATE INDEX search_doc_community ON search_doc (community_code);

CREATE INDEX search_doc_street ON search_doc (street_code);

CREATE TABLE search_gram (
  gram TEXT NOT NULL,
  public BOOLEAN NOT NULL,
  rank SMALLINT NOT NULL,
  doc_id BIGINT NOT NULL,
  PRIMARY KEY (gram, public, rank, doc_id)
);

CREATE TABLE source (
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  title TEXT NOT NULL,
  title_en TEXT NOT NULL,
  owner TEXT NOT NULL,
  licence TEXT NOT NULL,
  attribution TEXT NOT NULL,
  cadence_s BIGINT,
  synthetic BOOLEAN DEFAULT 'false' NOT NULL,
  estimated BOOLEAN DEFAULT 'false' NOT NULL,
  data_as_of TIMESTAMP WITH TIME ZONE,
  last_good_run_at TIMESTAMP WITH TIME ZONE,
  row_count BIGINT DEFAULT '0' NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE ingest_run (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  source TEXT NOT NULL,
  mapping TEXT NOT NULL,
  file_name TEXT NOT NULL,
  file_sha256 TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  finished_at TIMESTAMP WITH TIME ZONE,
  rows_read BIGINT DEFAULT '0' NOT NULL,
  loaded BIGINT DEFAULT '0' NOT NULL,
  unchanged BIGINT DEFAULT '0' NOT NULL,
  quarantined BIGINT DEFAULT '0' NOT NULL,
  message TEXT,
  PRIMARY KEY (id),
  CONSTRAINT every_row_is_accounted_for CHECK (rows_read = loaded + unchanged + quarantined),
  CONSTRAINT status_is_known CHECK (status in ('running', 'done', 'failed')),
  FOREIGN KEY(source) REFERENCES source (name)
);

CREATE TABLE address (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  house_number TEXT,
  street TEXT,
  label TEXT NOT NULL,
  geom geometry(POINT,4326) NOT NULL,
  geom_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX address_geom_3857 ON address USING gist (geom_3857);

CREATE TABLE area (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT NOT NULL,
  code_system TEXT NOT NULL,
  other_codes JSONB DEFAULT '{}' NOT NULL,
  level TEXT NOT NULL,
  parent_code TEXT,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  name TEXT NOT NULL,
  name_en TEXT,
  generated BOOLEAN NOT NULL,
  area_m2 DOUBLE PRECISION NOT NULL,
  geom geometry(MULTIPOLYGON,4326) NOT NULL,
  geom_3857 geometry(MULTIPOLYGON,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  geom_3857_low geometry(MULTIPOLYGON,3857),
  label_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_PointOnSurface(ST_Transform(geom, 3857))) STORED,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT level_is_known CHECK (level in ('city', 'district', 'street', 'community')),
  UNIQUE (source, source_key),
  UNIQUE (code),
  FOREIGN KEY(parent_code) REFERENCES area (code),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX area_geom ON area USING gist (geom);

CREATE INDEX area_geom_3857 ON area USING gist (geom_3857);

CREATE INDEX area_parent ON area (parent_code);

CREATE TABLE base_feature (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  theme TEXT NOT NULL,
  class TEXT NOT NULL,
  name TEXT,
  name_en TEXT,
  min_zoom SMALLINT NOT NULL,
  stacking SMALLINT DEFAULT '0' NOT NULL,
  is_bridge BOOLEAN DEFAULT 'false' NOT NULL,
  is_tunnel BOOLEAN DEFAULT 'false' NOT NULL,
  geom geometry(GEOMETRY,4326) NOT NULL,
  geom_3857 geometry(GEOMETRY,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  label_3857 geometry(POINT,3857) GENERATED ALWAYS AS (case when name is null or ST_Dimension(geom) = 1 then null else ST_PointOnSurface(ST_Transform(geom, 3857)) end) STORED,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT theme_is_known CHECK (theme in ('water', 'waterway', 'green', 'land_use', 'road', 'rail', 'place')),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX base_feature_geom_3857 ON base_feature USING gist (theme, geom_3857);

CREATE INDEX base_feature_label_3857 ON base_feature USING gist (label_3857) WHERE label_3857 is not null;

CREATE TABLE building (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  name TEXT,
  name_en TEXT,
  address TEXT,
  use TEXT NOT NULL,
  levels INTEGER,
  height_m DOUBLE PRECISION,
  compound_code TEXT,
  min_zoom SMALLINT GENERATED ALWAYS AS (case when ST_Area(geom::geography) >= 1500 then 12 when ST_Area(geom::geography) >= 300 then 13 else 14 end) STORED,
  geom geometry(GEOMETRY,4326) NOT NULL,
  geom_3857 geometry(GEOMETRY,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX building_far ON building USING gist (geom_3857) WHERE min_zoom <= 12;

CREATE INDEX building_geom_3857 ON building USING gist (geom_3857);

CREATE TABLE camera (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  name TEXT NOT NULL,
  name_en TEXT,
  address TEXT,
  shape TEXT NOT NULL,
  ptz_type INTEGER,
  industry_code TEXT,
  point_class INTEGER,
  azimuth_deg DOUBLE PRECISION,
  azimuth_source TEXT,
  hfov_deg DOUBLE PRECISION,
  max_view_distance_m DOUBLE PRECISION,
  focal_mm DOUBLE PRECISION,
  width_px INTEGER,
  mount TEXT,
  mount_height_m DOUBLE PRECISION,
  place_kind TEXT,
  owner TEXT,
  status TEXT NOT NULL,
  status_at TIMESTAMP WITH TIME ZONE,
  installed_on DATE,
  min_zoom SMALLINT DEFAULT '14' NOT NULL,
  geom geometry(POINT,4326) NOT NULL,
  geom_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  sector_3857 geometry(POLYGON,3857),
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT status_is_known CHECK (status in ('working', 'faulty', 'unknown')),
  CONSTRAINT shape_is_known CHECK (shape in ('bullet', 'dome', 'ptz', 'panoramic', 'unknown')),
  CONSTRAINT azimuth_is_a_bearing CHECK (azimuth_deg >= 0 and azimuth_deg < 360),
  CONSTRAINT hfov_is_an_angle CHECK (hfov_deg > 0 and hfov_deg <= 360),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX camera_geom_3857 ON camera USING gist (geom_3857);

CREATE INDEX camera_grid ON camera (grid_code);

CREATE INDEX camera_sector ON camera USING gist (sector_3857);

CREATE TABLE cases (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  number TEXT NOT NULL,
  kind TEXT NOT NULL,
  category_code TEXT,
  category_system TEXT,
  major TEXT NOT NULL,
  minor TEXT NOT NULL,
  major_en TEXT,
  minor_en TEXT,
  description TEXT,
  origin TEXT NOT NULL,
  state TEXT NOT NULL,
  is_open BOOLEAN NOT NULL,
  address TEXT,
  department TEXT,
  component_code TEXT,
  limit_text TEXT,
  reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE,
  due_at TIMESTAMP WITH TIME ZONE,
  closed_at TIMESTAMP WITH TIME ZONE,
  born_grid_code TEXT,
  geom geometry(POINT,4326) NOT NULL,
  geom_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT kind_is_known CHECK (kind in ('component', 'event', 'grid', 'hotline', 'enforcement')),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX cases_geom_3857 ON cases USING gist (geom_3857);

CREATE INDEX cases_number ON cases (number);

CREATE INDEX cases_open_due ON cases (due_at) WHERE is_open;

CREATE INDEX cases_open_geom_3857 ON cases USING gist (geom_3857) WHERE is_open;

CREATE INDEX cases_open_grid ON cases (grid_code) WHERE is_open;

CREATE INDEX cases_reported ON cases (reported_at);

CREATE TABLE component (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  code_system TEXT,
  major_code TEXT NOT NULL,
  minor_code TEXT NOT NULL,
  class_name TEXT NOT NULL,
  class_name_en TEXT,
  name TEXT,
  state TEXT NOT NULL,
  department TEXT,
  owner TEXT,
  surveyed_on DATE,
  min_zoom SMALLINT DEFAULT '15' NOT NULL,
  geom geometry(POINT,4326) NOT NULL,
  geom_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT state_is_known CHECK (state in ('intact', 'damaged', 'missing', 'abandoned', 'unknown')),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX component_geom_3857 ON component USING gist (geom_3857);

CREATE TABLE compound (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT,
  address TEXT,
  households INTEGER,
  built_year INTEGER,
  property_company TEXT,
  geom geometry(POLYGON,4326) NOT NULL,
  geom_3857 geometry(POLYGON,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  label_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_PointOnSurface(ST_Transform(geom, 3857))) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX compound_geom_3857 ON compound USING gist (geom_3857);

CREATE TABLE grid (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  plan_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  code_system TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  households INTEGER NOT NULL,
  persons INTEGER,
  households_estimated BOOLEAN NOT NULL,
  area_m2 DOUBLE PRECISION NOT NULL,
  open_cases INTEGER DEFAULT '0' NOT NULL,
  overdue_cases INTEGER DEFAULT '0' NOT NULL,
  cameras INTEGER DEFAULT '0' NOT NULL,
  cameras_working INTEGER DEFAULT '0' NOT NULL,
  counted_at TIMESTAMP WITH TIME ZONE,
  geom_metric geometry(POLYGON,-1) NOT NULL,
  geom geometry(POLYGON,4326) NOT NULL,
  geom_3857 geometry(POLYGON,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  geom_3857_mid geometry(POLYGON,3857),
  geom_3857_low geometry(POLYGON,3857),
  label_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_PointOnSurface(ST_Transform(geom, 3857))) STORED,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT kind_is_known CHECK (kind in ('basic', 'micro', 'special', 'village')),
  UNIQUE (plan_id, kind, code),
  UNIQUE (source, source_key),
  CONSTRAINT geom_metric_has_srid CHECK (ST_SRID(geom_metric) <> 0),
  FOREIGN KEY(plan_id) REFERENCES grid_plan (id),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX grid_geom ON grid USING gist (geom);

CREATE INDEX grid_geom_3857 ON grid USING gist (geom_3857);

CREATE TABLE key_site (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  legal_class TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT,
  address TEXT,
  geom geometry(GEOMETRY,4326) NOT NULL,
  geom_3857 geometry(GEOMETRY,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  label_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_PointOnSurface(ST_Transform(geom, 3857))) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX key_site_geom_3857 ON key_site USING gist (geom_3857);

CREATE TABLE quarantine (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  run_id BIGINT NOT NULL,
  line TEXT NOT NULL,
  field TEXT,
  rule TEXT NOT NULL,
  sentence TEXT NOT NULL,
  sentence_en TEXT NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX quarantine_run ON quarantine (run_id, line);

CREATE TABLE service_point (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  class TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT,
  address TEXT,
  opening_hours TEXT,
  services TEXT[] DEFAULT '{}' NOT NULL,
  phone TEXT,
  floor_area_m2 DOUBLE PRECISION,
  min_zoom SMALLINT DEFAULT '13' NOT NULL,
  geom geometry(POINT,4326) NOT NULL,
  geom_3857 geometry(POINT,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT class_is_known CHECK (class in ('public', 'welfare', 'social', 'market')),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX service_point_geom_3857 ON service_point USING gist (geom_3857);

CREATE TABLE unit_cell (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT NOT NULL,
  code_system TEXT NOT NULL,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  land_use TEXT,
  area_m2 DOUBLE PRECISION NOT NULL,
  geom geometry(POLYGON,4326) NOT NULL,
  geom_3857 geometry(POLYGON,3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (code_system, code),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX unit_cell_geom ON unit_cell USING gist (geom);

CREATE INDEX unit_cell_geom_3857 ON unit_cell USING gist (geom_3857);

CREATE TABLE household_count (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  building_id BIGINT,
  resident INTEGER NOT NULL,
  registered INTEGER,
  vacant INTEGER,
  persons INTEGER,
  estimated BOOLEAN NOT NULL,
  counted_on DATE NOT NULL,
  district_code TEXT,
  street_code TEXT,
  community_code TEXT,
  grid_code TEXT,
  unit_cell_code TEXT,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  UNIQUE (building_id),
  FOREIGN KEY(building_id) REFERENCES building (id),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX household_count_grid ON household_count (grid_code);
