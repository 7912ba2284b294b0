-- Households and the people in them. A household is a placed row like others; what tells who somebody is stands in person_private,
-- which no role of the application may read: the functions below show it masked, or in full to whom it is permitted, and write down
-- that they did. Lawful deletion empties person_private and leaves a tombstone. docs/adr/0015.

create table household (
  id bigint generated always as identity primary key,
  building_id bigint not null references building (id),
  unit text,
  kind text not null,
  persons integer not null,
  counted_on date not null,
  district_code text,
  street_code text,
  community_code text,
  grid_code text,
  unit_cell_code text,
  -- No run and no hash of a row: a household comes through people_enter alone, never through a mapping, whose ledger keeps raw rows.
  source text not null references source (name),
  source_key text not null,
  constraint kind_is_known check (kind in ('resident', 'registered', 'vacant')),
  constraint persons_are_counted check (persons >= 0),
  unique (source, source_key)
);
create index household_building on household (building_id);

create table person (
  ref text primary key,
  household_id bigint not null references household (id),
  role text,
  born integer,
  state text default 'present' not null,
  entered_at timestamp with time zone default now() not null,
  erased_at timestamp with time zone,
  erased_mark text,
  constraint ref_is_a_reference check (ref ~ '^P[0-9A-Z]{12}$'),
  constraint role_is_known check (role in ('head', 'spouse', 'child', 'parent', 'other')),
  constraint born_is_a_year check (born >= 1850 and born < 2200),
  constraint state_is_known check (state in ('present', 'away', 'erased')),
  constraint tombstone_tells_nothing check (case when state = 'erased' then erased_at is not null and erased_mark is not null and role is null and born is null
                                                 else erased_at is null and erased_mark is null end)
);
create index person_household on person (household_id);
create index person_erased on person (erased_mark) where erased_mark is not null;

create table person_private (
  ref text primary key references person (ref),
  name text not null,
  phone text,
  id_sealed bytea,  -- the ID number, encrypted with a key that is not in the database, for this reference alone
  id_last4 text,
  mark text not null  -- a salted hash of the ID number: tells whether two rows are one person, and nothing else
);

do $$
declare
  name text;
  in_place constant text := '(select actor_sees_whole_city()) or district_code = any((select actor_districts())::text[])'
    || ' or street_code = any((select actor_streets())::text[]) or community_code = any((select actor_communities())::text[])'
    || ' or grid_code = any((select actor_grids())::text[])';
begin
  foreach name in array array['household', 'person', 'person_private'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
  -- For everybody, the owner too: inside the functions below the jurisdiction of a household is this policy, and no other words.
  execute format('create policy read_in_jurisdiction on household for select to commandcenter_app, commandcenter_owner using (%s)', in_place);
  execute format('create policy write_in_jurisdiction on household for all to commandcenter_app, commandcenter_owner using ((select actor_may_write()) and (%s))
                  with check ((select actor_may_write()) and (%s))', in_place, in_place);
end $$;
create policy by_its_functions on person to commandcenter_owner using (true) with check (true);
create policy by_its_functions on person_private to commandcenter_owner using (true) with check (true);

-- The application reads where households are and how many live there; not the door, and of people nothing. Codes follow a new plan.
grant select (id, building_id, kind, persons, counted_on, district_code, street_code, community_code, grid_code, unit_cell_code, source, source_key),
      update (district_code, street_code, community_code, grid_code, unit_cell_code) on household to commandcenter_app;

-- Masks of domain practice: of a name the first sign, of a telephone three and four digits, of an ID number the last four.
-- How long the rest is tells something too, so it is not shown.
create function masked_name(name text) returns text language sql immutable parallel safe as $$ select left(name, 1) || '**' $$;
create function masked_phone(phone text) returns text language sql immutable parallel safe as
$$ select case when char_length(phone) >= 11 then left(phone, 3) || '****' || right(phone, 4) when phone is not null then '****' end $$;
create function masked_id(last4 text) returns text language sql immutable parallel safe as $$ select repeat('*', 14) || last4 $$;

-- A typed reason: at least eight signs that are not all the same.
create function is_a_reason(why text) returns boolean language sql immutable parallel safe as
$$ select char_length(signs) >= 8 and signs !~ '^(.)\1*$' from (select regexp_replace(coalesce(why, ''), '\s', '', 'g') as signs) s $$;

create function note_people(did text, by_door text, of_table text, of_key text, why text, more jsonb, from_address text)
returns void language sql volatile set search_path = public, pg_temp as
$$
  insert into audit_event (actor, door, act, subject_table, subject_key, reason, detail, address)
  values (current_setting('commandcenter.actor'), by_door, did, of_table, of_key, left(why, 1000), more, nullif(from_address, '')::inet)
$$;

-- The households of a building with how many people are known of each; the door only to whom people may be shown in full.
create function households_of(of_building bigint)
returns table (id bigint, kind text, persons integer, unit text, counted_on date, known bigint, source text)
language sql stable security definer set search_path = public, pg_temp as
$$
  select h.id, h.kind, h.persons, case when actor_may('reveal') then h.unit end, h.counted_on,
    (select count(*) from person p where p.household_id = h.id), h.source
  from household h where h.building_id = of_building and actor_may('people')
  order by h.kind <> 'resident', char_length(h.unit), h.unit, h.id
$$;

-- The people of one household, masked. One event a look; who may not, or not here, gets nothing and is written down as refused.
create function household_look(of_household bigint, by_door text, from_address text)
returns table (ref text, role text, born_decade integer, state text, name text, phone text, id_number text)
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('people') or not exists (select from household h where h.id = of_household) then
    perform note_people('refused', by_door, 'household', of_household::text, null, '{"asked": "look"}', from_address);
    return;
  end if;
  perform note_people('look', by_door, 'household', of_household::text, null, '{}', from_address);
  return query
    select p.ref, p.role, p.born / 10 * 10, p.state, masked_name(v.name), masked_phone(v.phone), masked_id(v.id_last4)
    from person p left join person_private v on v.ref = p.ref where p.household_id = of_household
    order by p.role <> 'head', p.born, p.ref;
end $$;

-- Somebody of a household in full, or everybody (no reference). It takes the permission, the place and a reason, and one event a
-- person is written by the same statement; `outcome` says what was in the way. A reason that holds what is asked for is none: it would stay
-- in the audit after the person was erased.
create function person_reveal(of_household bigint, of_ref text, why text, by_door text, from_address text)
returns table (outcome text, ref text, name text, phone text, id_sealed bytea, born integer, unit text)
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  here household;
  said constant text := btrim(regexp_replace(coalesce(why, ''), '\s+', ' ', 'g'));
begin
  select h.* into here from household h where h.id = of_household;
  outcome := case
    when not actor_may('reveal') then 'not_permitted'
    when here.id is null then 'not_here'
    when not is_a_reason(said) then 'no_reason'
    when exists (select from person p join person_private v on v.ref = p.ref
                 where p.household_id = here.id and (strpos(said, v.name) > 0 or strpos(said, v.phone) > 0)) then 'reason_tells'
    when not exists (select from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref)) then 'nobody'
    else 'revealed'
  end;
  if outcome <> 'revealed' then
    perform note_people('refused', by_door, 'household', of_household::text, null, jsonb_build_object('asked', 'reveal', 'why', outcome), from_address);
    return next;
    return;
  end if;
  perform note_people('reveal', by_door, 'person', p.ref, said, jsonb_build_object('household', here.id, 'fields', array['name', 'phone', 'id_number', 'unit']), from_address)
    from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref);
  return query
    select 'revealed', p.ref, v.name, v.phone, v.id_sealed, p.born, here.unit
    from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref)
    order by p.role <> 'head', p.born, p.ref;
end $$;

-- Lawful deletion: the personal fields go, a tombstone stays. The audit keeps the reference and the mark, which nobody guesses back.
create function person_erase(of_ref text, why text, by_door text) returns text
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  said constant text := btrim(regexp_replace(coalesce(why, ''), '\s+', ' ', 'g'));
  gone person_private;
  was text;
begin
  if not actor_may('erase') then raise insufficient_privilege using message = 'not permitted'; end if;
  if not is_a_reason(said) then return 'no_reason'; end if;
  select p.state into was from person p join household h on h.id = p.household_id where p.ref = of_ref for update of p;
  if was is null then return 'nobody'; end if;
  if was = 'erased' then return 'erased_before'; end if;
  if exists (select from person_private v where v.ref = of_ref and (strpos(said, v.name) > 0 or strpos(said, v.phone) > 0)) then return 'reason_tells'; end if;
  delete from person_private v where v.ref = of_ref returning * into gone;
  update person p set state = 'erased', erased_at = now(), erased_mark = gone.mark, role = null, born = null where p.ref = of_ref;
  perform note_people('change', by_door, 'person', of_ref, said, jsonb_build_object('did', 'erased', 'mark', gone.mark), null);
  return 'erased';
end $$;

-- The reference of somebody who asks to be erased or told what is kept: by the mark of their ID number.
create function person_of_mark(of_mark text) returns setof text
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_ref text;
begin
  if not actor_may('erase') then raise insufficient_privilege using message = 'not permitted'; end if;
  for found_ref in
    select v.ref from person_private v join person p on p.ref = v.ref join household h on h.id = p.household_id where v.mark = of_mark order by v.ref
  loop
    perform note_people('look', 'cli', 'person', found_ref, null, '{"asked": "whose ID number"}', null);
    return next found_ref;
  end loop;
end $$;

-- Households with their people, all of them or none. A household lies where its building is counted. Who was erased does not come back
-- with the next delivery. How many people came in.
create function people_enter(of_source text, delivered jsonb) returns integer
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  households integer;
  people integer;
begin
  if not actor_may_write() then raise insufficient_privilege using message = 'not permitted'; end if;
  insert into household (building_id, unit, kind, persons, counted_on, source, source_key, district_code, street_code, community_code, grid_code, unit_cell_code)
    select b.id, x.unit, x.kind, x.persons, x.counted_on, of_source, x.key, o.district_code, o.street_code, o.community_code, o.grid_code, o.unit_cell_code
    from jsonb_to_recordset(delivered) as x(building bigint, unit text, kind text, persons integer, counted_on date, key text)
    join building b on b.id = x.building
    left join household_count c on c.building_id = b.id,
    lateral (select c.district_code, c.street_code, c.community_code, c.grid_code, c.unit_cell_code where c.id is not null union all
             select b.district_code, b.street_code, b.community_code, b.grid_code, b.unit_cell_code where c.id is null) o;
  get diagnostics households = row_count;
  if households <> jsonb_array_length(delivered) then
    raise foreign_key_violation using message = 'a household names a building that is not there';
  end if;
  with known as materialized (
    select h.id as household_id, p.* from jsonb_to_recordset(delivered) as x(key text, people jsonb)
    join household h on h.source = of_source and h.source_key = x.key,
    lateral jsonb_to_recordset(x.people) as p(ref text, role text, born integer, state text, name text, phone text, id_sealed text, id_last4 text, mark text)
    where not exists (select from person t where t.erased_mark = p.mark)
  ), entered as (
    insert into person (ref, household_id, role, born, state) select ref, household_id, role, born, state from known
  )
  insert into person_private (ref, name, phone, id_sealed, id_last4, mark)
    select ref, name, phone, decode(id_sealed, 'hex'), id_last4, mark from known;
  get diagnostics people = row_count;
  perform note_people('change', 'worker', 'household', null, null,
                      jsonb_build_object('did', 'entered', 'source', of_source, 'households', households, 'people', people), null);
  return people;
end $$;

-- Masked people: who goes to the door, and who answers for those. In full: who leads a grid, a shift or the duty, and answers for why.
-- Who takes calls, dispatches, checks or evaluates works with places and counts.
update role set permissions = array(select distinct said from unnest(permissions || '{people}'::text[]) said order by said)
  where code in ('grid_worker', 'grid_leader', 'shift_leader', 'duty_leader');
update role set permissions = array(select distinct said from unnest(permissions || '{reveal}'::text[]) said order by said)
  where code in ('grid_leader', 'shift_leader', 'duty_leader');

do $$
declare signature text;
begin
  foreach signature in array array[
    'note_people(text, text, text, text, text, jsonb, text)', 'households_of(bigint)', 'household_look(bigint, text, text)',
    'person_reveal(bigint, text, text, text, text)', 'person_erase(text, text, text)', 'person_of_mark(text)', 'people_enter(text, jsonb)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_owner', signature);
    if signature not like 'note_people%' then
      execute format('grant execute on function %s to commandcenter_app', signature);
    end if;
  end loop;
end $$;
