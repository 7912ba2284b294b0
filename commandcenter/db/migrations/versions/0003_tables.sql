-- Tables of the ledger, and where rows know their run: frozen beside 0003_ledger.py.

CREATE TABLE mapping_version (
  sha256 TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  first_used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (sha256)
);

CREATE TABLE upload (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  file_name TEXT NOT NULL,
  stored_as TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  actor TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE ingest_raw (
  run_id BIGINT NOT NULL,
  block INTEGER NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (run_id, block),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE TABLE ingest_before (
  run_id BIGINT NOT NULL,
  target TEXT NOT NULL,
  row_id BIGINT NOT NULL,
  was JSONB NOT NULL,
  PRIMARY KEY (run_id, target, row_id),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE TABLE correction (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  source TEXT NOT NULL,
  raw_hash TEXT NOT NULL,
  changes JSONB DEFAULT '{}' NOT NULL,
  accept_repair BOOLEAN DEFAULT 'false' NOT NULL,
  actor TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (source, raw_hash),
  FOREIGN KEY(source) REFERENCES source (name)
);

CREATE TABLE ingest_finding (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  run_id BIGINT NOT NULL,
  line TEXT NOT NULL,
  source_key TEXT,
  field TEXT,
  rule TEXT NOT NULL,
  sentence TEXT NOT NULL,
  sentence_en TEXT NOT NULL,
  geom_before geometry(GEOMETRY,4326),
  geom_after geometry(GEOMETRY,4326),
  PRIMARY KEY (id),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX ingest_finding_run ON ingest_finding (run_id, rule);

CREATE TABLE ingest_preview (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  run_id BIGINT NOT NULL,
  line TEXT NOT NULL,
  source_key TEXT NOT NULL,
  geom geometry(GEOMETRY,4326) NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX ingest_preview_run ON ingest_preview (run_id);

CREATE TABLE division_code (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT NOT NULL,
  code_system TEXT NOT NULL,
  as_of DATE NOT NULL,
  level TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT,
  parent_code TEXT,
  urban_rural_class TEXT,
  is_virtual BOOLEAN DEFAULT 'false' NOT NULL,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  row_no INTEGER,
  gone_run_id BIGINT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT level_is_known CHECK (level in ('province', 'city', 'district', 'street', 'community')),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX division_code_code ON division_code (code, code_system);

CREATE TABLE track (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  code TEXT,
  name TEXT,
  started_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  point_count INTEGER,
  geom geometry(GEOMETRY,4326) NOT NULL,
  source_key TEXT NOT NULL,
  row_hash TEXT,
  row_no INTEGER,
  gone_run_id BIGINT,
  source TEXT NOT NULL,
  run_id BIGINT,
  PRIMARY KEY (id),
  UNIQUE (source, source_key),
  FOREIGN KEY(source) REFERENCES source (name),
  FOREIGN KEY(run_id) REFERENCES ingest_run (id)
);

CREATE INDEX track_geom ON track USING gist (geom);
