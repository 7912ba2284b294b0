-- Counts of people for everybody who may read: exact inside the jurisdiction; outside it no number from which the people of a
-- small cell could be told, alone or by sums. docs/adr/0015.

-- The rule: a cell of fewer persons is held back. An empty cell too, because an empty house is something to know.
create function smallest_cell() returns integer language sql immutable parallel safe as $$ select 5 $$;

-- Which of the cells below one published number are held back; null is a cell that is known anyway. Those that are too small, and with
-- them the next in size, all of that size: what is held back is then no small cell together, and it tells nobody how it was chosen.
-- (Two hidden cells of different size could change places and everything told would be the same; if all have one size, then every cell
-- is hidden, and one could hold one more and another one less.) A cell held back for its neighbour's sake is not told apart from a
-- small one: that would tell, too. Where nothing is larger all are hidden, and their sum is the published number.
create function cells_held_back(persons bigint[], households bigint[]) returns boolean[] language sql immutable parallel safe as $$
  with cell as (
    select c.p, c.n, c.p < smallest_cell() or c.h < 1 as small from unnest(persons, households) with ordinality as c(p, h, n)
  ), rest as (
    select bool_or(small) as any_small, min(p) filter (where not small) as next_size from cell
  )
  select coalesce(array_agg(coalesce(cell.small or rest.any_small and cell.p = rest.next_size, false) order by cell.n), '{}') from cell, rest
$$;

-- The codes from the district down to an area, or to a grid of today's plan; '' is the whole city, null is no place.
create function place_path(of_code text) returns text[] language sql stable set search_path = public, pg_temp as $$
  select path from (
    select 0 as turn, '{}'::text[] as path where of_code = ''
    union all
    select 1, case level when 'city' then '{}' when 'district' then array[code] when 'street' then array[district_code, code]
                         when 'community' then array[district_code, street_code, code] end
    from area where code = of_code and gone_run_id is null
    union all
    select 2, array[g.district_code, g.street_code, g.community_code, g.code] from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'
    where g.code = of_code and g.gone_run_id is null) found
  order by turn limit 1
$$;

create index household_count_place on household_count (district_code, street_code, community_code);

-- Persons and households of a place ('here') and of the places right below it ('below': district, street, community, grid, building),
-- with the ways up ('above'). `held_back`: the number is not told. `inside`: all of it lies in the actor's jurisdiction. `counted`:
-- somebody counted there. A place that lies partly inside is judged by its other part, because its own part is known. Below a number that
-- is held back everything outside is. People whose number nobody told are at least one a household.
create function people_counts(of_code text)
returns table (part text, level text, code text, title text, title_en text, persons bigint, households bigint, held_back boolean, inside boolean, counted boolean,
               counted_on date)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  levels constant text[] := array['district', 'street', 'community', 'grid', 'building'];
  path constant text[] := place_path(of_code);
  depth_here constant integer := cardinality(path);
  whole_city constant boolean := actor_sees_whole_city();
  districts constant text[] := actor_districts();
  streets constant text[] := actor_streets();
  communities constant text[] := actor_communities();
  grids constant text[] := actor_grids();
  shut boolean;  -- whether the place we stand in is held back, and all outside below it with it
  -- One entry a cell below: its code, what it holds, what of that lies outside (null: it lies wholly inside), whether it is held back.
  codes text[];
  all_persons bigint[];
  all_households bigint[];
  days date[];
  persons_outside bigint[];
  households_outside bigint[];
  held boolean[];
begin
  if not actor_may('read') or path is null then return; end if;
  for depth in 0 .. depth_here loop
    select array_agg(c.code), array_agg(c.p), array_agg(c.h), array_agg(c.day), array_agg(c.op), array_agg(c.oh)
    into codes, all_persons, all_households, days, persons_outside, households_outside
    from (
      select k.code, sum(k.p)::bigint as p, sum(k.h)::bigint as h, max(k.counted_on) as day,
        (sum(k.p) filter (where not k.mine))::bigint as op, (sum(k.h) filter (where not k.mine))::bigint as oh
      from (
        select case depth when 0 then c.district_code when 1 then c.street_code when 2 then c.community_code when 3 then c.grid_code else c.building_id::text end as code,
          coalesce(c.persons, c.resident) as p, c.resident as h, c.counted_on,
          coalesce(whole_city or c.district_code = any(districts) or c.street_code = any(streets) or c.community_code = any(communities)
                   or c.grid_code = any(grids), false) as mine
        from household_count c
        where (depth < 1 or path[1] is null or c.district_code = path[1]) and (depth < 2 or path[2] is null or c.street_code = path[2])
          and (depth < 3 or path[3] is null or c.community_code = path[3]) and (depth < 4 or c.grid_code = path[4])) k
      group by k.code order by k.code) c;
    if depth = 0 then  -- the city is a cell of its own
      shut := coalesce((select sum(o.p) < smallest_cell() or sum(o.h) < 1 from unnest(persons_outside, households_outside) as o(p, h)), false);
    end if;
    held := case when shut then array(select o.p is not null from unnest(persons_outside) with ordinality as o(p, n) order by o.n)
                 else cells_held_back(persons_outside, households_outside) end;
    if depth < depth_here then
      shut := coalesce((select held[n] from generate_subscripts(codes, 1) n where codes[n] is not distinct from path[depth + 1]), shut);
    end if;
  end loop;

  return query
    select 'above', x.level, x.code, x.name, x.name_en, null::bigint, null::bigint, false, false, false, null::date from (
      select 0 as turn, 'city' as level, '' as code, c.name, c.name_en from city c where depth_here > 0
      union all
      select n, levels[n], path[n], coalesce(a.name, path[n]), a.name_en from generate_series(1, depth_here - 1) n
      left join lateral (select * from area where area.code = path[n] and area.gone_run_id is null order by area.code_system limit 1) a on true) x
    order by x.turn;
  return query
    select 'here', coalesce(levels[depth_here], 'city'), coalesce(path[depth_here], ''), coalesce(a.name, g.name, c.name), coalesce(a.name_en, g.name_en, c.name_en),
      case when not t.held then t.p end, case when not t.held then t.h end, t.held, t.inside, t.counted, t.day
    from (select coalesce(shut and bool_or(k.op is not null), false) as held, sum(k.p)::bigint as p, sum(k.h)::bigint as h,
                 coalesce(bool_and(k.op is null), false) as inside, count(*) > 0 as counted, max(k.day) as day
          from unnest(all_persons, all_households, persons_outside, days) as k(p, h, op, day)) t
    left join lateral (select * from city where depth_here = 0 limit 1) c on true
    left join lateral (select * from area where depth_here between 1 and 3 and area.code = of_code and area.gone_run_id is null order by area.code_system limit 1) a on true
    left join lateral (select y.* from grid y join grid_plan l on l.id = y.plan_id and l.status = 'published'
                       where depth_here = 4 and y.code = of_code and y.gone_run_id is null limit 1) g on true;
  return query
    with cell as (
      select * from unnest(codes, all_persons, all_households, persons_outside, held, days) as k(code, p, h, op, held, day)
    ), place as (  -- every place there is below, counted or not
      select a.code, a.name, a.name_en from area a
      where depth_here < 3 and a.level = levels[depth_here + 1] and a.gone_run_id is null
        and (depth_here < 1 or a.district_code = path[1]) and (depth_here < 2 or a.street_code = path[2])
      union all
      select g.code, g.name, g.name_en from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published'
      where depth_here = 3 and g.gone_run_id is null and g.community_code = path[3]
      union all
      select b.id::text, coalesce(b.name, b.address, b.code), coalesce(b.name_en, b.address, b.code) from cell k join building b on b.id = k.code::bigint
      where depth_here = 4
    )
    select 'below', levels[depth_here + 1], coalesce(k.code, o.code), o.name, o.name_en,
      case when not k.held then k.p end, case when not k.held then k.h end, coalesce(k.held, false), coalesce(k.op is null and k.p is not null, false),
      k.p is not null, k.day
    from cell k full join place o on o.code = k.code
    order by coalesce(k.code, o.code) nulls last;
end $$;

-- The two functions above see every count; what they tell is decided in them.
create policy counted_by_their_function on household_count for select to commandcenter_owner using (true);

revoke execute on function people_counts(text), place_path(text) from public;
grant execute on function place_path(text) to commandcenter_owner;
grant execute on function people_counts(text) to commandcenter_app, commandcenter_owner;
