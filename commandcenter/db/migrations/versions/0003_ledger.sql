-- What the tables of 0001 learn: their rows know which row of which run they were, and stay when a delivery drops them.

alter table source add column contract jsonb default '{}' not null;

alter table ingest_run
  add column mapping_sha256 text references mapping_version (sha256),
  add column kind text default 'load' not null,
  add column file_bytes bigint,
  add column upload_id bigint references upload (id),
  add column actor text,
  add column step text,
  add column progress bigint default '0' not null,
  add column cancel_requested boolean default 'false' not null,
  add column vanished bigint default '0' not null,
  add column repaired bigint default '0' not null,
  add column findings bigint default '0' not null,
  add column by_rule jsonb default '{}' not null,
  add column conversion jsonb default '{}' not null,
  add column message_en text,
  add column withdrawn_at timestamp with time zone,
  add column withdrawn_by text,
  drop constraint status_is_known,
  add constraint status_is_known
    check (status in ('queued', 'running', 'done', 'failed', 'cancelled', 'broken', 'withdrawn')),
  add constraint kind_is_known check (kind in ('load', 'dry_run', 'correction'));
create index ingest_run_source on ingest_run (source, id);

alter table quarantine
  add column source_key text,
  add column raw_hash text,
  add column fields jsonb default '{}' not null,
  add column shape text,
  add column geom geometry(geometry, 4326),
  add column proposal geometry(geometry, 4326),
  add column state text default 'open' not null,
  add column settled_run_id bigint references ingest_run (id),
  add column settled_at timestamp with time zone,
  add column settled_by text,
  add constraint state_is_known check (state in ('open', 'resolved', 'superseded', 'dismissed'));
create index quarantine_open on quarantine (run_id, rule) where state = 'open';

-- Only loads, withdrawals and the data desk look at rows that a delivery no longer brought.
create function actor_sees_gone() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.with_gone', true), '') = 'on' $$;

do $$
declare
  name text;
  sourced constant text[] := array['area','grid','unit_cell','base_feature','compound','building','household_count','address','camera',
                                   'cases','service_point','component','key_site'];
begin
  foreach name in array sourced loop
    execute format('alter table %I add column row_no integer, add column gone_run_id bigint', name);
  end loop;
  foreach name in array array['mapping_version','division_code','upload','ingest_raw','ingest_before','correction','ingest_finding',
                              'ingest_preview','track'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('grant select, insert, update, delete on %I to commandcenter_app', name);
  end loop;
  foreach name in array array['mapping_version','division_code'] loop
    execute format('create policy read_as_an_actor on %I for select using ((select actor_is_present()))', name);
    execute format('create policy write_for_whole_city on %I for all
                    using ((select actor_may_write()) and (select actor_sees_whole_city()))
                    with check ((select actor_may_write()) and (select actor_sees_whole_city()))', name);
  end loop;
  foreach name in array array['upload','ingest_raw','ingest_before','correction','ingest_finding','ingest_preview','track'] loop
    execute format('create policy whole_city_only on %I for all using ((select actor_sees_whole_city()) and (select actor_may_write()))
                    with check ((select actor_sees_whole_city()) and (select actor_may_write()))', name);
  end loop;
  foreach name in array sourced || array['division_code','track'] loop
    execute format('create policy standing on %I as restrictive for select using (gone_run_id is null or (select actor_sees_gone()))', name);
  end loop;
end $$;
