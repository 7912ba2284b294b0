-- How a case begins. A report is taken anywhere in the city, also beyond the reporter's own part: who sees trouble may say so. CC010: outside the
-- city; CC011: the category is unknown or no longer in force.

-- Where a point lies: the published plan's grid, else the smallest area; on a border the lower code. The same answer as every load gives.
create function place_of(at geometry)
returns table (district_code text, street_code text, community_code text, grid_code text, unit_cell_code text)
language sql stable security definer set search_path = public, pg_temp as
$$
  select coalesce(g.district_code, a.district_code), coalesce(g.street_code, a.street_code), coalesce(g.community_code, a.community_code), g.code, u.code
  from (select at as geom) p
  left join lateral (select code, district_code, street_code, community_code from grid
     where geom && p.geom and ST_Covers(geom, p.geom) and plan_id in (select id from grid_plan where status = 'published') order by code limit 1) g on true
  left join lateral (select district_code, street_code, community_code from area
     where geom && p.geom and ST_Covers(geom, p.geom) and g.code is null order by length(code) desc, code limit 1) a on true
  left join lateral (select code from unit_cell where geom && p.geom and ST_Covers(geom, p.geom) order by code limit 1) u on true
$$;
create policy places_for_functions on unit_cell for select to commandcenter_owner using (true);
create policy desk_of_functions on source for insert to commandcenter_owner with check (name = 'case_desk');

-- The next number of a place and day: six digits of the district (or the city), the city's date, five digits that count up and are never given twice.
create function case_number_next(area text) returns text language plpgsql volatile set search_path = public, pg_temp as
$$
declare
  day constant text := area || to_char(clock_timestamp() at time zone (select time_zone from city limit 1), 'YYYYMMDD');
  given integer;
  taken integer;
begin
  -- Numbers that a source brought of the same place and day are not given again.
  taken := coalesce((select right(max(c.number), 5)::integer from cases c where c.number between day || '00000' and day || '99999' and char_length(c.number) = 19), 0);
  insert into case_number as n (prefix, last) values (day, taken + 1) on conflict (prefix) do update set last = greatest(n.last, taken) + 1 returning last into given;
  return day || lpad(given::text, 5, '0');
end $$;

-- One report: a case with its first event; the same key again is the same case. `known` says that it was there already.
create function case_report(said jsonb, said_key text)
returns table (id bigint, number text, version integer, state text, known boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  me constant text := current_setting('commandcenter.actor', true);
  at constant geometry := ST_SetSRID(ST_MakePoint((said ->> 'lon')::double precision, (said ->> 'lat')::double precision), 4326);
  did constant text := coalesce(said ->> 'action', 'report');
  placed record;
  what case_category;
  made cases;
  first_source constant text := 'case_desk';
begin
  if coalesce(me, '') = '' or not actor_may((select m.permission from case_move m where m.action = did and m.sources = '{}')) then
    raise exception 'not permitted' using errcode = 'CC004';
  end if;
  insert into case_key (actor, key) values (me, said_key) on conflict do nothing;
  if not found then
    return query select c.id, c.number, c.version, c.state, true from case_key k join cases c on c.id = k.case_id where k.actor = me and k.key = said_key;
    return;
  end if;
  select * into placed from place_of(at);
  if placed.district_code is null and placed.grid_code is null then raise exception 'outside the city' using errcode = 'CC010'; end if;
  select c.* into what from case_category c
  where c.code_system = said ->> 'category_system' and c.code = said ->> 'category_code' and c.kind = said ->> 'kind'
    and c.valid_from <= current_date and (c.valid_to is null or c.valid_to > current_date) order by c.valid_from desc limit 1;
  if not found then raise exception 'unknown category' using errcode = 'CC011'; end if;
  if not exists (select from source s where s.name = first_source) then
    insert into source (name, target, title, title_en, owner, licence, attribution, synthetic, estimated)
    values (first_source, 'cases', '案件登记', 'Cases recorded here', '', '', '', false, false) on conflict do nothing;
  end if;
  insert into cases (number, kind, category_code, category_system, major, major_en, minor, minor_en, description, origin, state, is_open, address, component_code,
                     reported_at, state_since, outer_due_at, first_seen_at, born_grid_code, geom, district_code, street_code, community_code, grid_code,
                     unit_cell_code, source, source_key, level, clock)
  values (case_number_next(coalesce(placed.district_code, (select rpad(left(code, 6), 6, '0') from city limit 1))), what.kind, what.code, what.code_system,
          what.major, what.major_en, what.minor, what.minor_en, said ->> 'description', said ->> 'origin', '', true, said ->> 'address', said ->> 'component_code',
          clock_timestamp(), clock_timestamp(), (said ->> 'outer_due_at')::timestamptz,
          least(coalesce((said ->> 'first_seen_at')::timestamptz, clock_timestamp()), clock_timestamp()), placed.grid_code, at,
          placed.district_code, placed.street_code, placed.community_code, placed.grid_code, placed.unit_cell_code, first_source,
          'report ' || me || ' ' || said_key, case when what.kind = 'grid' then 'grid' end, 'early')
  returning * into made;
  update case_key k set case_id = made.id where k.actor = me and k.key = said_key;
  insert into case_event (case_id, seq, actor, action, axis, to_state, detail)
  values (made.id, 1, me, did, '', '', jsonb_strip_nulls(jsonb_build_object('door', said ->> 'door', 'number', made.number)));
  perform case_findable(made.id);
  if coalesce(said ->> 'phone_mark', said ->> 'caller', said ->> 'phone_last4') is not null then
    insert into case_contact (case_id, name, phone_sealed, phone_last4, phone_mark, wants_reply)
    values (made.id, said ->> 'caller', decode(said ->> 'phone_sealed', 'base64'), said ->> 'phone_last4', said ->> 'phone_mark',
            coalesce((said ->> 'wants_reply')::boolean, false));
  end if;
  return query select c.id, c.number, c.version, c.state, false from cases c where c.id = made.id;
end $$;

-- Who reported a case, masked; the look is written down. In full it takes the permission and a typed reason.
create function case_contact_look(of_case bigint, by_door text) returns table (name text, phone text, wants_reply boolean, erased boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('case_note') then return; end if;
  perform note_people('look', by_door, 'case_contact', of_case::text, null, '{}', null);
  return query select masked_name(k.name), case when k.phone_last4 is not null then '*******' || k.phone_last4 end, k.wants_reply, k.erased_at is not null
    from case_contact k where k.case_id = of_case;
end $$;

-- A comment or an outcome: its text can be erased by law, its mark stands in the event. It must belong to the event just written.
create function case_note_keep(of_case bigint, of_seq integer, of_kind text, words text) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare made bigint;
begin
  if not exists (select from case_event e where e.case_id = of_case and e.seq = of_seq and e.actor = current_setting('commandcenter.actor', true)
                 and e.at > now() - interval '1 minute') then
    raise exception 'not permitted' using errcode = 'CC004';
  end if;
  insert into case_note (case_id, seq, kind, said) values (of_case, of_seq, of_kind, left(words, 4000)) returning id into made;
  return made;
end $$;

update role set permissions = array(select distinct said from unnest(permissions || given.more) said order by said)
from (values
  ('shift_leader', array['case_file', 'case_note', 'case_report', 'case_supervise', 'case_urge']),
  ('acceptor', array['case_accept', 'case_note', 'case_report', 'case_urge']),
  ('dispatcher', array['case_dispatch', 'case_note', 'case_report', 'case_urge']),
  ('grid_worker', array['case_check', 'case_level', 'case_note', 'case_report', 'case_work']),
  ('enforcement_officer', array['case_enforce', 'case_note', 'case_report', 'case_work']),
  ('department_handler', array['case_handle', 'case_note', 'case_work']),
  ('grid_leader', array['case_level', 'case_note', 'case_report', 'case_work']),
  ('verifier', array['case_check', 'case_note', 'case_report']),
  ('legal_reviewer', array['case_law', 'case_note']),
  ('duty_leader', array['case_decide', 'case_note', 'case_supervise', 'case_urge'])
) as given (code, more) where role.code = given.code;

do $$
declare signature text;
begin
  foreach signature in array array[
    'actor_departments()', 'department_join(bigint, text, boolean)', 'place_of(geometry)', 'case_report(jsonb, text)', 'case_contact_look(bigint, text)',
    'case_note_keep(bigint, integer, text, text)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
  revoke execute on function case_number_next(text) from public;
  grant execute on function case_number_next(text) to commandcenter_owner;
end $$;

-- Who handles cases for a department: told to its own people, who assign, and to the command, which dispatches.
create function department_people(code text) returns table (actor text, title text) language sql stable security definer set search_path = public, pg_temp as
$$
  select 'account:' || a.id, a.title from department_member m join account a on a.id = m.account_id and a.state = 'active'
  where m.department_code = code and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
    and (actor_may('case_dispatch') or (actor_may('case_handle') and code = any(actor_departments())))
  order by a.title, a.id
$$;
revoke execute on function department_people(text) from public;
grant execute on function department_people(text) to commandcenter_app, commandcenter_owner;

-- Whoever works on cases reads by name who moved them.
create or replace function actor_title(of_actor text) returns text language sql stable security definer set search_path = public, pg_temp as
$$
  select title from account
  where id = substring(of_actor from '^account:(\d{1,18})$')::bigint and (id = actor_account() or actor_may('steward') or actor_may('case_note'))
$$;
