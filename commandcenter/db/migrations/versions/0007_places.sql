-- Places: a grid as somebody's place, and centres that narrow which cases are seen. See 0007_strength.py.

create table centre_kind (
  centre text not null,
  kind text not null,
  primary key (centre, kind),
  constraint centre_is_known check (centre in ('emergency', 'grid', 'urban')),
  constraint kind_is_known check (kind in ('component', 'event', 'grid', 'hotline', 'enforcement'))
);
-- An emergency asks for everything that is open where it is; the other two see what is theirs to handle.
insert into centre_kind (centre, kind) values
  ('emergency', 'component'), ('emergency', 'event'), ('emergency', 'grid'), ('emergency', 'hotline'), ('emergency', 'enforcement'),
  ('grid', 'grid'), ('grid', 'hotline'), ('grid', 'event'),
  ('urban', 'component'), ('urban', 'event'), ('urban', 'hotline'), ('urban', 'enforcement');
alter table centre_kind enable row level security;
alter table centre_kind force row level security;
create policy by_its_functions on centre_kind to commandcenter_owner using (true) with check (true);
create policy read_as_an_actor on centre_kind for select to commandcenter_app using ((select actor_is_present()));
grant select on centre_kind to commandcenter_app;

create function actor_grids() returns text[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('commandcenter.grids', true), ''), '{}')::text[] $$;
-- Which kinds of cases where, as 'kind@code' ('kind@' is the whole city); null for whom no centre narrows.
create function actor_case_places() returns text[] language sql stable parallel safe as
$$ select nullif(current_setting('commandcenter.case_places', true), '')::text[] $$;

do $$
declare
  name text;
  place text;
  in_place text;
  in_areas constant text := '(select actor_sees_whole_city()) or district_code = any((select actor_districts())::text[])'
    || ' or street_code = any((select actor_streets())::text[]) or community_code = any((select actor_communities())::text[])';
  of_kind text := '(select actor_case_places() is null)';
begin
  foreach place in array array['''''', 'district_code', 'street_code', 'community_code', 'grid_code'] loop
    of_kind := of_kind || format(' or kind || ''@'' || %s = any((select actor_case_places())::text[])', place);
  end loop;
  foreach name in array array['grid','compound','household_count','address','camera','cases','service_point','component','key_site'] loop
    in_place := in_areas || ' or ' || case name when 'grid' then 'code' else 'grid_code' end || ' = any((select actor_grids())::text[])';
    if name = 'cases' then
      in_place := '(' || in_place || ') and (' || of_kind || ')';
    end if;
    execute format('alter policy read_in_jurisdiction on %I using (%s)', name, in_place);
    execute format('alter policy write_in_jurisdiction on %I using ((select actor_may_write()) and (%s)) with check ((select actor_may_write()) and (%s))',
                   name, in_place, in_place);
  end loop;
end $$;

-- Search carries the scope inside: it learns grids and kinds too.
alter table search_doc add column grid_code text, add column kind text;
create index search_doc_grid on search_doc (grid_code);

create function search_case_in(d search_doc, places text[]) returns boolean language sql immutable parallel safe as
$$
  select d.kind || '@' = any(places) or d.kind || '@' || d.district_code = any(places) or d.kind || '@' || d.street_code = any(places)
      or d.kind || '@' || d.community_code = any(places) or d.kind || '@' || d.grid_code = any(places)
$$;

do $$
declare source text[];
begin
  perform set_config('commandcenter.actor', 'builtin:migration', true), set_config('commandcenter.whole_city', 'on', true);
  foreach source slice 1 in array array[['compounds','compound'],['addresses','address'],['cameras','camera'],['service_points','service_point'],
                                        ['key_sites','key_site'],['components','component']] loop
    execute format('update search_doc d set grid_code = t.grid_code from %I t where d.layer = %L and d.ref_id = t.id', source[2], source[1]);
  end loop;
  update search_doc d set grid_code = t.code from grid t where d.layer = 'grids' and d.ref_id = t.id;
  update search_doc d set grid_code = t.grid_code, kind = t.kind from cases t where d.layer = 'cases' and d.ref_id = t.id;
  perform set_config('commandcenter.actor', '', true), set_config('commandcenter.whole_city', '', true);
end $$;

create or replace function search_learn(which text) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
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
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'grids', g.id, g.name, g.name_en, null, g.code, 4, g.district_code, g.street_code, g.community_code, g.code, ST_X(p), ST_Y(p)
    from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published', lateral (select ST_PointOnSurface(g.geom) as p) x;
  when 'compounds' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'compounds', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(p), ST_Y(p)
    from compound, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'buildings' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, public, district_code, street_code, community_code, lon, lat)
    select 'buildings', id, coalesce(name, address), name_en, case when name is null then null else address end, code,
           case when name is null then 7 else 5 end, true, district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from building, lateral (select ST_PointOnSurface(geom) as p) x where coalesce(name, address) is not null;
  when 'addresses' then
    insert into search_doc (layer, ref_id, title, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'addresses', id, label, null, null, 8, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from address;
  when 'base' then
    insert into search_doc (layer, ref_id, title, title_en, rank, public, lon, lat)
    select 'base', min(id), name, min(name_en), case when bool_or(theme in ('place','water','green')) then 2 else 3 end, true,
           ST_X(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1])), ST_Y(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1]))
    from base_feature where name is not null group by name;
  when 'cameras' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'cameras', id, name, name_en, address, code, 6, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from camera;
  when 'service_points' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'service_points', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from service_point;
  when 'key_sites' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'key_sites', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(p), ST_Y(p)
    from key_site, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'components' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'components', id, coalesce(name, class_name), class_name_en, null, code, 9, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom)
    from component where code is not null;
  when 'cases' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, kind, lon, lat)
    select 'cases', id, minor, minor_en, address, number, 6, district_code, street_code, community_code, grid_code, kind, ST_X(geom), ST_Y(geom)
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

create or replace function search_city(phrase text, wanted integer)
returns table (layer text, ref_id bigint, title text, title_en text, detail text, code text, rank smallint, lon double precision, lat double precision)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  wish constant text := lower(regexp_replace(phrase, '\s+', '', 'g'));
  typed constant text := regexp_replace(phrase, '\s+', '', 'g');
  whole_city constant boolean := actor_sees_whole_city();
  districts constant text[] := actor_districts();
  streets constant text[] := actor_streets();
  communities constant text[] := actor_communities();
  grids constant text[] := actor_grids();
  case_places constant text[] := actor_case_places();  -- null: all kinds of cases
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
      and (d.public or whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids))
      and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
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
        and (whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids))
        and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
      order by s.rank, s.doc_id limit wanted;
  else
    return query
      select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
      from search_doc d
      where (d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids)) and not d.public
        and d.layer <> 'components' and strpos(d.needle, wish) > 0 and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
      order by d.rank, d.id limit wanted;
  end if;
end $$;

-- Policies name the roles they are for: no role that comes later is let in by one that said nothing.
do $$
declare of_policy record;
begin
  for of_policy in select schemaname, tablename, policyname from pg_policies where schemaname in ('public', 'audit') and roles = '{public}' loop
    execute format('alter policy %I on %I.%I to commandcenter_app, commandcenter_owner', of_policy.policyname, of_policy.schemaname, of_policy.tablename);
  end loop;
end $$;

revoke execute on function analyze_loaded_tables() from public;
grant execute on function analyze_loaded_tables() to commandcenter_app;
