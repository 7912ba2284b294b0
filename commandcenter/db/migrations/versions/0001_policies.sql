-- Roles, policies, triggers and functions of the first migration.
-- Policies compare plain columns with values evaluated once a statement (InitPlans); see docs/adr/0003.

create function note_layer_change() returns trigger language plpgsql as $$
begin
  if exists (select from changed) then
    insert into layer_change (table_name) values (tg_table_name);
    perform pg_notify('layer_change', tg_table_name);
  end if;
  return null;
end $$;

-- Who acts, as PostgreSQL sees it. Nothing is set outside a transaction of commandcenter.db.run.
create function actor_is_present() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.actor', true), '') <> '' $$;
create function actor_sees_whole_city() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.whole_city', true), '') = 'on' $$;
create function actor_may_write() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.may_write', true), '') = 'on' and coalesce(current_setting('commandcenter.actor', true), '') <> '' $$;
create function actor_districts() returns text[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('commandcenter.districts', true), ''), '{}')::text[] $$;
create function actor_streets() returns text[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('commandcenter.streets', true), ''), '{}')::text[] $$;
create function actor_communities() returns text[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('commandcenter.communities', true), ''), '{}')::text[] $$;

do $$
declare
  name text;
  placed constant text[] := array['grid','unit_cell','compound','household_count','address','camera','cases',
                                  'service_point','component','key_site'];
  -- The ground everybody in the city may see, and the registers that describe it: readable by any actor, by nobody else.
  open_ground constant text[] := array['area','base_feature','building','city','source','ingest_run','grid_plan','layer_change'];
  in_scope constant text := '(select actor_sees_whole_city()) or district_code = any((select actor_districts())::text[])'
    || ' or street_code = any((select actor_streets())::text[]) or community_code = any((select actor_communities())::text[])';
begin
  foreach name in array placed || open_ground || array['quarantine','search_doc','search_gram'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
  foreach name in array placed loop
    execute format('create policy read_in_jurisdiction on %I for select using (%s)', name, in_scope);
    execute format('create policy write_in_jurisdiction on %I for all using ((select actor_may_write()) and (%s))
                    with check ((select actor_may_write()) and (%s))', name, in_scope, in_scope);
  end loop;
  foreach name in array open_ground loop
    execute format('create policy read_as_an_actor on %I for select using ((select actor_is_present()))', name);
    execute format('create policy write_for_whole_city on %I for all
                    using ((select actor_may_write()) and (select actor_sees_whole_city()))
                    with check ((select actor_may_write()) and (select actor_sees_whole_city()))', name);
  end loop;
  -- Whoever may write anywhere leaves the note that a layer changed: it names a table, no row and no place.
  create policy writers_note_changes on layer_change for insert with check ((select actor_may_write()));
  create policy whole_city_only on quarantine for all using ((select actor_sees_whole_city()) and (select actor_may_write()))
    with check ((select actor_may_write()) and (select actor_sees_whole_city()));
  -- Search is reached through one function that runs as the owner and carries the scope inside.
  create policy owner_searches on search_doc for all to commandcenter_owner using (true) with check (true);
  create policy owner_searches on search_gram for all to commandcenter_owner using (true) with check (true);

  foreach name in array array['area','grid','unit_cell','base_feature','compound','building','household_count','address','camera',
                              'cases','service_point','component','key_site'] loop
    execute format('create trigger note_insert after insert on %I referencing new table as changed
                    for each statement execute function note_layer_change()', name);
    execute format('create trigger note_update after update on %I referencing new table as changed
                    for each statement execute function note_layer_change()', name);
    execute format('create trigger note_delete after delete on %I referencing old table as changed
                    for each statement execute function note_layer_change()', name);
  end loop;
end $$;

-- A camera's ground sector: azimuth +- hfov/2 out to its viewing distance, on the spheroid; no azimuth, no sector.
create function camera_sector(at geometry, azimuth_deg double precision, hfov_deg double precision, reach_m double precision)
returns geometry language sql immutable parallel safe as $$
  select case
    when azimuth_deg is null or hfov_deg is null or reach_m is null or reach_m <= 0 then null
    when hfov_deg >= 359 then ST_Transform(ST_Buffer(at::geography, reach_m, 16)::geometry, 3857)
    else ST_Transform((
      select ST_MakePolygon(ST_MakeLine(array[at]
        || array_agg(ST_Project(at::geography, reach_m, radians(azimuth_deg - hfov_deg / 2 + hfov_deg * step / 12.0))::geometry order by step)
        || array[at]))
      from generate_series(0, 12) step), 3857)
  end $$;

create function set_camera_sector() returns trigger language plpgsql as $$
begin
  new.sector_3857 := camera_sector(new.geom, new.azimuth_deg, new.hfov_deg, new.max_view_distance_m);
  return new;
end $$;
create trigger set_sector before insert or update on camera for each row execute function set_camera_sector();

-- Thinning: the lowest tile zoom at which a point is drawn, so that at any zoom at most one point stands in a cell of 64 px.
-- Points drawn at a lower zoom stay drawn at every higher one; from `every_from` on all are drawn.
create function thin_points(which regclass, first_zoom integer, every_from integer) returns void language plpgsql as $$
declare cell double precision;
begin
  execute format('update %s set min_zoom = %s', which, every_from);
  for zoom in first_zoom .. every_from - 1 loop
    cell := 40075016.68557849 / power(2, zoom) / 8;
    execute format('update %s t set min_zoom = %s from (
        select distinct on (floor(ST_X(geom_3857) / %s), floor(ST_Y(geom_3857) / %s)) id
        from %s order by floor(ST_X(geom_3857) / %s), floor(ST_Y(geom_3857) / %s), min_zoom, hashint8(id)) first
      where first.id = t.id and t.min_zoom > %s', which, zoom, cell, cell, which, cell, cell, zoom);
  end loop;
end $$;

-- Counts per grid, from the rows themselves. Called after loads; the wall shows counted_at as their moment.
create function refresh_grid_counts() returns bigint language plpgsql as $$
declare touched bigint;
begin
  with case_counts as (
    select grid_code, count(*) as open_cases, count(*) filter (where due_at < now()) as overdue
    from cases where is_open and grid_code is not null group by grid_code
  ), camera_counts as (
    select grid_code, count(*) as cameras, count(*) filter (where status = 'working') as working
    from camera where grid_code is not null group by grid_code
  ), fresh as (
    select g.id, coalesce(c.open_cases, 0) as open_cases, coalesce(c.overdue, 0) as overdue,
           coalesce(k.cameras, 0) as cameras, coalesce(k.working, 0) as working
    from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'
    left join case_counts c on c.grid_code = g.code left join camera_counts k on k.grid_code = g.code
  )
  update grid g set open_cases = f.open_cases, overdue_cases = f.overdue, cameras = f.cameras, cameras_working = f.working, counted_at = now()
  from fresh f where f.id = g.id;
  get diagnostics touched = row_count;
  return touched;
end $$;

-- Fresh planner statistics after a load; runs as the owner because ANALYZE wants ownership.
create function analyze_loaded_tables() returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' and tableowner = current_user loop
    execute format('analyze %I', name);
  end loop;
end $$;

-- Bigrams of a text, lower case, with spaces kept out.
create function bigrams(phrase text) returns setof text language sql immutable parallel safe as $$
  select distinct substr(squeezed, at, 2)
  from (select lower(regexp_replace(phrase, '\s+', '', 'g')) as squeezed) s, generate_series(1, length(squeezed) - 1) at
$$;

create function search_forget(which text) returns void language sql security definer set search_path = public, pg_temp as $$
  delete from search_gram g using search_doc d where d.layer = which and g.doc_id = d.id;
  delete from search_doc where layer = which;
$$;

create function search_learn(which text) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare learnt bigint;
begin
  if not actor_may_write() or not actor_sees_whole_city() then
    raise exception 'only a whole-city writer may rebuild the search';
  end if;
  perform search_forget(which);
  case which
  when 'areas' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, public, district_code, street_code, community_code, lon, lat)
    select 'areas', id, name, name_en, null, code, case level when 'city' then 0 when 'district' then 0 when 'street' then 1 else 2 end, true,
           district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from area, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'grids' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'grids', g.id, g.name, g.name_en, null, g.code, 4, g.district_code, g.street_code, g.community_code, ST_X(p), ST_Y(p)
    from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published', lateral (select ST_PointOnSurface(g.geom) as p) x;
  when 'compounds' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'compounds', id, name, name_en, address, code, 3, district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from compound, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'buildings' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, public, district_code, street_code, community_code, lon, lat)
    select 'buildings', id, coalesce(name, address), name_en, case when name is null then null else address end, code,
           case when name is null then 7 else 5 end, true, district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from building, lateral (select ST_PointOnSurface(geom) as p) x where coalesce(name, address) is not null;
  when 'addresses' then
    insert into search_doc (layer, ref_id, title, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'addresses', id, label, null, null, 8, district_code, street_code, community_code, ST_X(geom), ST_Y(geom) from address;
  when 'base' then
    insert into search_doc (layer, ref_id, title, title_en, rank, public, lon, lat)
    select 'base', min(id), name, min(name_en), case when bool_or(theme in ('place','water','green')) then 2 else 3 end, true,
           ST_X(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1])), ST_Y(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1]))
    from base_feature where name is not null group by name;
  when 'cameras' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'cameras', id, name, name_en, address, code, 6, district_code, street_code, community_code, ST_X(geom), ST_Y(geom) from camera;
  when 'service_points' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'service_points', id, name, name_en, address, code, 3, district_code, street_code, community_code, ST_X(geom), ST_Y(geom) from service_point;
  when 'key_sites' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'key_sites', id, name, name_en, address, code, 3, district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from key_site, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'components' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'components', id, coalesce(name, class_name), class_name_en, null, code, 9, district_code, street_code, community_code, ST_X(geom), ST_Y(geom)
    from component where code is not null;
  when 'cases' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, lon, lat)
    select 'cases', id, minor, minor_en, address, number, 6, district_code, street_code, community_code, ST_X(geom), ST_Y(geom)
    from cases where is_open;
  else
    raise exception 'nothing to search in layer %', which;
  end case;
  get diagnostics learnt = row_count;
  -- Components and cases are found by code: their class names are legend, not names.
  insert into search_gram (gram, public, rank, doc_id)
  select distinct gram, d.public, d.rank, d.id from search_doc d, lateral bigrams(d.needle) gram
  where d.layer = which and d.layer <> 'components';
  return learnt;
end $$;

-- The one door of search: scope inside; codes by prefix, names by their rarest bigram, in rank order. At most `wanted` rows.
create function search_city(phrase text, wanted integer)
returns table (layer text, ref_id bigint, title text, title_en text, detail text, code text, rank smallint, lon double precision, lat double precision)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  wish constant text := lower(regexp_replace(phrase, '\s+', '', 'g'));
  typed constant text := regexp_replace(phrase, '\s+', '', 'g');
  whole_city constant boolean := actor_sees_whole_city();
  districts constant text[] := actor_districts();
  streets constant text[] := actor_streets();
  communities constant text[] := actor_communities();
  rarest text := wish;
  fewest bigint := 2001;
  candidate text;
  here bigint;
begin
  if not actor_is_present() or length(wish) < 2 or length(wish) > 100 then return; end if;
  if length(wish) > 2 then  -- the shortest list among the bigrams; no list is counted past 2 000 entries
    for candidate in select b from bigrams(wish) b loop
      select count(*) into here from (select from search_gram s where s.gram = candidate limit 2000) x;
      if here < fewest then fewest := here; rarest := candidate; end if;
    end loop;
  end if;
  return query
    select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, (-1)::smallint, d.lon, d.lat from search_doc d
    where typed ~ '^[0-9A-Za-z_:-]{3,}$' and d.code ~>=~ typed and d.code ~<~ (typed || chr(1114109))
      and (d.public or whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities))
    order by d.code using ~<~ limit wanted;
  -- What everybody may find: names of areas, roads, buildings.
  return query
    select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
    from search_gram s join search_doc d on d.id = s.doc_id
    where s.gram = rarest and s.public and (length(wish) = 2 or strpos(d.needle, wish) > 0)
    order by s.rank, s.doc_id limit wanted;
  -- What lies in the jurisdiction. A wide one meets its rows early in the word's list; a narrow one has few rows of its own,
  -- and walking a common word's whole list for them would take a hundred times longer.
  if whole_city or cardinality(districts) > 0 then
    return query
      select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
      from search_gram s join search_doc d on d.id = s.doc_id
      where s.gram = rarest and not s.public and (length(wish) = 2 or strpos(d.needle, wish) > 0)
        and (whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities))
      order by s.rank, s.doc_id limit wanted;
  else
    return query
      select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
      from search_doc d
      where (d.street_code = any(streets) or d.community_code = any(communities)) and not d.public
        and d.layer <> 'components' and strpos(d.needle, wish) > 0
      order by d.rank, d.id limit wanted;
  end if;
end $$;

do $$
declare name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' and tablename not in ('alembic_version','search_doc','search_gram','layer_change') loop
    execute format('grant select, insert, update, delete on %I to commandcenter_app', name);
  end loop;
  grant select, insert on layer_change to commandcenter_app;
  grant select on alembic_version to commandcenter_app;
end $$;
revoke all on function search_forget(text) from public;
revoke all on function search_learn(text) from public;
revoke all on function search_city(text, integer) from public;
grant execute on function search_learn(text), search_city(text, integer) to commandcenter_app;
