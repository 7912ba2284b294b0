-- Accounts of people whom an identity provider (OpenID Connect) knows. Their password, if they have one, is there and never here.

alter table account
  add column by_identity boolean default false not null,
  add constraint no_password_here check (not by_identity or password_hash is null);
grant select (by_identity) on account to commandcenter_app;

-- What a provider knows somebody by. An identity belongs to one account and never moves to another.
create table account_identity (
  issuer text not null,
  subject text not null,
  account_id bigint not null unique references account (id),
  at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  primary key (issuer, subject)
);

-- Sign-ins that came back from the provider, as long as they could come back once more.
create table identity_return (
  digest bytea primary key,
  at timestamp with time zone default now() not null
);

do $$
declare name text;
begin
  foreach name in array array['account_identity', 'identity_return'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy by_its_functions on %I to commandcenter_owner using (true) with check (true)', name);
  end loop;
end $$;

-- Given by claims: what claims give they take again, and nothing else.
alter table appointment add column mapped boolean default false not null;

-- Whether a sign-in comes back for the first time.
create function identity_returns(return_digest bytea, keep interval) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  delete from identity_return where at < now() - keep;
  insert into identity_return (digest) values (return_digest) on conflict do nothing;
  return found;
end $$;

-- What a mapping names that this city does not know: roles, areas, grids.
create function mapping_unknown(roles text[], areas text[], grids text[]) returns table (kind text, code text)
language sql stable security definer set search_path = public, pg_temp as
$$
  select 'role', said from unnest(roles) said where not exists (select from role where role.code = said)
  union all select 'area', said from unnest(areas) said where not exists (select from area where area.code = said and gone_run_id is null)
  union all select 'grid', said from unnest(grids) said where not exists (select from grid where grid.code = said and gone_run_id is null)
$$;

-- An appointment out of claims. It waits for the security administrator unless the provider's word opens it; the three administrators' always
-- wait, and so does what a person had ended before. What a person refused is not asked again.
create function appointment_map(of_account bigint, role_of text, centre_of text, area_of text, grid_of text, opens boolean)
returns void language plpgsql volatile set search_path = public, pg_temp as
$$
declare
  me constant text := current_setting('commandcenter.actor');
  opened boolean := opens and not exists (select from role where code = role_of and permissions && array['accounts', 'security', 'audit']);
  before record;
  made bigint;
begin
  for before in
    select state, settled_by, valid_to is null or valid_to > now() as lasts from appointment
    where account_id = of_account and mapped and role_code = role_of and centre is not distinct from centre_of
      and area_code is not distinct from area_of and grid_code is not distinct from grid_of
  loop
    if before.state = 'refused' then
      if before.settled_by is distinct from me then return; end if;
    elsif before.lasts then
      return;
    elsif before.settled_by is distinct from me then
      opened := false;
    end if;
  end loop;
  insert into appointment (account_id, role_code, centre, area_code, grid_code, state, mapped, created_by)
  values (of_account, role_of, centre_of, area_of, grid_of, case when opened then 'active' else 'pending' end, true, me) returning id into made;
  perform note_account('account', of_account, jsonb_build_object('did', 'appointment', 'by', 'provider', 'appointment', made, 'role', role_of,
    'centre', centre_of, 'area', area_of, 'grid', grid_of, 'waits', not opened));
end $$;

-- The claims no longer give what they gave. The last administrator of a kind stays, whatever a provider says.
create function appointments_unmap(of_account bigint, wanted jsonb)
returns void language plpgsql volatile set search_path = public, pg_temp as
$$
declare held record;
begin
  for held in
    select p.id, p.state from appointment p
    where p.account_id = of_account and p.mapped and p.state <> 'refused' and (p.valid_to is null or p.valid_to > now())
      and not exists (
        select from jsonb_to_recordset(wanted) as w(role text, centre text, area text, grid text)
        where w.role = p.role_code and w.centre is not distinct from p.centre and w.area is not distinct from p.area_code
          and w.grid is not distinct from p.grid_code)
  loop
    begin
      perform need_not_last(of_account, held.id);
    exception when object_in_use then
      perform note_account('account', of_account, jsonb_build_object('did', 'kept as the last of a kind', 'by', 'provider', 'appointment', held.id));
      continue;
    end;
    update appointment
    set state = case held.state when 'pending' then 'refused' else held.state end,
        valid_to = case held.state when 'pending' then valid_to else greatest(now(), valid_from) end,
        settled_at = now(), settled_by = current_setting('commandcenter.actor')
    where id = held.id;
    perform note_account('account', of_account, jsonb_build_object('did', 'appointment ended', 'by', 'provider', 'appointment', held.id));
  end loop;
end $$;

-- Somebody comes from the provider. Unknown here: an account is made, under the first of the names that nobody has, and waits; or it is opened,
-- where the provider's word opens it. Known: what the claims give counts anew. The outcome is open, waits, shut or nothing.
create function identity_arrived(of_issuer text, of_subject text, names text[], new_title text, wanted jsonb, opens boolean)
returns table (account_id bigint, outcome text) language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  me constant text := current_setting('commandcenter.actor');
  found_id bigint;
  found_state text;
  said_name text;
  opened boolean;
  given record;
  known jsonb;
begin
  if me is distinct from 'builtin:identity' then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform pg_advisory_xact_lock(hashtextextended(of_issuer || ' ' || of_subject, 11));
  select coalesce(jsonb_agg(distinct to_jsonb(w)), '[]') into known
  from jsonb_to_recordset(wanted) as w(role text, centre text, area text, grid text)
  where not exists (
    select from mapping_unknown(array[w.role], array_remove(array[w.area], null), array_remove(array[w.grid], null)));

  select i.account_id, a.state into found_id, found_state from account_identity i join account a on a.id = i.account_id
  where i.issuer = of_issuer and i.subject = of_subject;
  if found_id is null then
    if known = '[]' then return query select null::bigint, 'nothing'; return; end if;
    opened := opens and exists (
      select from jsonb_to_recordset(known) as w(role text) join role r on r.code = w.role
      where not r.permissions && array['accounts', 'security', 'audit']);
    found_state := case when opened then 'active' else 'pending' end;
    foreach said_name in array names loop
      insert into account (name, title, state, must_change, by_identity, created_by, settled_at, settled_by)
      values (said_name, new_title, found_state, false, true, me, case when opened then now() end, case when opened then me end)
      on conflict (name) do nothing returning id into found_id;
      exit when found_id is not null;
    end loop;
    if found_id is null then raise exception 'no name is free' using errcode = 'unique_violation'; end if;
    insert into account_identity (issuer, subject, account_id) values (of_issuer, of_subject, found_id);
    perform note_account('account', found_id, jsonb_build_object('did', case when opened then 'opened' else 'proposed' end, 'by', 'provider'));
    -- what an account that waits is made with is let in together with it
    for given in select * from jsonb_to_recordset(known) as w(role text, centre text, area text, grid text) loop
      perform appointment_map(found_id, given.role, given.centre, given.area, given.grid, opened);
    end loop;
    if not opened then
      update appointment p set state = 'active' where p.account_id = found_id and p.state = 'pending';
    end if;
  elsif found_state = 'disabled' then
    return query select found_id, 'shut'; return;
  else
    update account_identity i set seen_at = now() where i.account_id = found_id;
    update account a set title = new_title where a.id = found_id and a.title <> new_title;
    if found then perform note_account('account', found_id, '{"did": "title", "by": "provider"}'); end if;
    perform appointments_unmap(found_id, wanted);
    for given in select * from jsonb_to_recordset(known) as w(role text, centre text, area text, grid text) loop
      perform appointment_map(found_id, given.role, given.centre, given.area, given.grid, opens and found_state = 'active');
    end loop;
  end if;

  return query select found_id, case
    when found_state = 'pending' then 'waits'
    -- by the clock: this transaction may have waited for the one that made them, and is older than they are
    when exists (select from appointment p where p.account_id = found_id and p.state = 'active' and p.valid_from <= clock_timestamp()
                 and (p.valid_to is null or p.valid_to > clock_timestamp())) then 'open'
    when exists (select from appointment p where p.account_id = found_id and p.state = 'pending') then 'waits'
    else 'nothing' end;
end $$;

-- A sign-in by the provider that came to nothing, with a reason of our own words.
create function identity_failed(of_account bigint, why text, from_address text) returns void
language sql volatile security definer set search_path = public, pg_temp as
$$ select note_account('sign_in_failed', of_account, jsonb_build_object('by', 'provider', 'why', why), from_address) $$;

-- As before; who comes by the provider gets no password, only the second factor is taken away.
create or replace function account_reset(of_name text, hash text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_not_last((select id from account where name = of_name));
  update account set password_hash = case when not by_identity then hash end, password_at = now(), must_change = not by_identity,
    failed = 0, factor_failed = 0, locked_until = null, state = 'pending',
    totp_sealed = null, totp_waits = null, totp_at = null, settled_at = null, settled_by = null where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  delete from recovery_code where account_id = found_id;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "reset"}');
  return true;
end $$;

do $$
declare signature text;
begin
  foreach signature in array array['appointment_map(bigint, text, text, text, text, boolean)', 'appointments_unmap(bigint, jsonb)'] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_owner', signature);
  end loop;
  foreach signature in array array[
    'identity_returns(bytea, interval)', 'mapping_unknown(text[], text[], text[])',
    'identity_arrived(text, text, text[], text, jsonb, boolean)', 'identity_failed(bigint, text, text)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
end $$;
