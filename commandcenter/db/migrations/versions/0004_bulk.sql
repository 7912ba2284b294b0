-- Where a row comes from: its source and its runs must be known. A foreign key asks so row by row, twice, which is a third of the
-- time a million rows take; asked once a statement for the few pairs that occur it is the same promise, because what is asked for
-- can neither be deleted nor renamed (below). ADR 0009.
create function known_origin() returns trigger language plpgsql as $$
declare
  unknown text;
begin
  select format('source %L, run %s, gone in run %s', o.source, coalesce(o.run_id::text, '-'), coalesce(o.gone_run_id::text, '-')) into unknown
    from (select distinct source, run_id, gone_run_id from changed) o
   where not exists (select from source s where s.name = o.source)
      or o.run_id is not null and not exists (select from ingest_run r where r.id = o.run_id)
      or o.gone_run_id is not null and not exists (select from ingest_run r where r.id = o.gone_run_id)
   limit 1;
  if unknown is not null then
    raise foreign_key_violation using message = format('a row of %I comes from an unknown origin: %s', tg_table_name, unknown), table = tg_table_name;
  end if;
  return null;
end $$;

create function origin_stays() returns trigger language plpgsql as $$
begin
  raise foreign_key_violation using message = format('rows of %I are neither deleted nor renamed: what came from them refers to them', tg_table_name);
end $$;

do $$
declare
  name text;
  sourced constant text[] := array['area','base_feature','grid','unit_cell','compound','building','household_count','address',
                                   'camera','service_point','key_site','component','cases','division_code','track'];
begin
  foreach name in array sourced loop
    execute format('alter table %I drop constraint %I, drop constraint %I', name, name || '_source_fkey', name || '_run_id_fkey');
    execute format('create trigger known_origin_insert after insert on %I referencing new table as changed
                    for each statement execute function known_origin()', name);
    execute format('create trigger known_origin_update after update on %I referencing new table as changed
                    for each statement execute function known_origin()', name);
  end loop;
  foreach name in array array['source', 'ingest_run'] loop
    execute format('create trigger origin_stays_delete before delete on %I for each row execute function origin_stays()', name);
    execute format('create trigger origin_stays_truncate before truncate on %I for each statement execute function origin_stays()', name);
  end loop;
end $$;
create trigger origin_stays_rename before update on source for each row when (old.name <> new.name) execute function origin_stays();
create trigger origin_stays_rename before update on ingest_run for each row when (old.id <> new.id) execute function origin_stays();

-- From which zoom a building is drawn, by its area. The plane of degrees, stretched at its latitude, tells it within a hundredth; the
-- spheroid took half of the time that writing a building takes. (A generated column's expression cannot be changed, so it is made anew.)
alter table building drop column min_zoom;
alter table building add column min_zoom smallint generated always as (
  case when ST_Area(geom) * cos(radians(ST_YMin(geom))) >= 1500 / 111319.49079327358 ^ 2 then 12
       when ST_Area(geom) * cos(radians(ST_YMin(geom))) >= 300 / 111319.49079327358 ^ 2 then 13
       else 14 end) stored;
create index building_far on building using gist (geom_3857) where min_zoom <= 12;
