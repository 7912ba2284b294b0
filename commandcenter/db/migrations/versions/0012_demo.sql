-- The accounts of a demonstration. Whether its one-click doors are open at all is the web process's to say (city file, address);
-- that they lead nowhere in a real city is said here too.

create function city_is_synthetic() returns boolean language sql stable set search_path = public, pg_temp as
$$ select coalesce(bool_and(synthetic), false) from city $$;

-- One account for each role, open at once, because a made-up city holds nobody's data. Only where nobody has an account yet.
-- ``posts`` says for each role: role, hash, centre, area (the code wished for; where the city lacks it, what lies above it in the
-- tree of codes), one_grid (the first grid there instead of all of it). How many were made.
create function demo_accounts_make(posts jsonb) returns integer language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  post record;
  in_area text;
  in_grid text;
  made bigint;
  count integer := 0;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  lock table account in exclusive mode;
  if not city_is_synthetic() or exists (select from account) then return 0; end if;
  for post in
    select r.code, r.title || ' ' || r.title_en as title, p.hash, p.centre, p.area, p.one_grid
    from role r left join jsonb_to_recordset(posts) as p(role text, hash text, centre text, area text, one_grid boolean) on p.role = r.code
    order by r.position
  loop
    if post.hash is null then raise exception 'no post for role %', post.code using errcode = 'invalid_parameter_value'; end if;
    select code into in_area from area where level <> 'city' and gone_run_id is null and starts_with(post.area, code) order by length(code) desc limit 1;
    in_grid := null;
    if post.one_grid then
      select min(g.code) into in_grid from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published'
      where g.gone_run_id is null and in_area in (g.district_code, g.street_code, g.community_code);
    end if;
    insert into account (name, title, state, password_hash, password_at, must_change, created_by, settled_at, settled_by)
    values ('demo.' || post.code, post.title, 'active', post.hash, now(), false, 'builtin:demo', now(), 'builtin:demo') returning id into made;
    insert into appointment (account_id, role_code, centre, area_code, grid_code, created_by)
    values (made, post.code, post.centre, case when in_grid is null then in_area end, in_grid, 'builtin:demo');
    perform note_account('account', made, jsonb_build_object('did', 'demo', 'role', post.code, 'centre', post.centre, 'area', in_area, 'grid', in_grid));
    count := count + 1;
  end loop;
  return count;
end $$;

-- The accounts that may be entered with one click: those made above, while they are open and nobody reset them. None in a real city.
create function demo_entries() returns table (role text, account_id bigint, title text, title_en text, looks boolean, place text, place_en text)
language sql stable security definer set search_path = public, pg_temp as
$$
  select r.code, a.id, r.title, r.title_en, 'read' = any(r.permissions), coalesce(g.name, l.name), coalesce(g.name_en, g.name, l.name_en, l.name)
  from account a
  join role r on a.name = 'demo.' || r.code
  left join lateral (select p.area_code, p.grid_code from held_role h join appointment p on p.id = h.id
                     where h.account_id = a.id and h.role_code = r.code order by p.id limit 1) p on true
  left join lateral (select name, name_en from area where code = p.area_code and gone_run_id is null order by code_system limit 1) l on true
  left join lateral (select name, name_en from grid where code = p.grid_code and gone_run_id is null order by id limit 1) g on true
  where a.created_by = 'builtin:demo' and a.state = 'active' and not a.must_change and city_is_synthetic()
  order by r.position
$$;

-- Now that people act as accounts, the data desk says who loaded or withdrew something by name: to stewards, and to each their own.
create function actor_title(of_actor text) returns text language sql stable security definer set search_path = public, pg_temp as
$$
  select title from account
  where id = substring(of_actor from '^account:(\d{1,18})$')::bigint and (id = actor_account() or actor_may('steward'))
$$;

revoke execute on function actor_title(text), city_is_synthetic(), demo_accounts_make(jsonb), demo_entries() from public;
grant execute on function city_is_synthetic() to commandcenter_owner;
grant execute on function actor_title(text), demo_accounts_make(jsonb), demo_entries() to commandcenter_app, commandcenter_owner;
