-- What accounts lacked: a second factor, appointments that are made and ended at the screen, a grid as somebody's place.

alter table account
  add column totp_sealed bytea,  -- encrypted with a key that is not in the database
  add column totp_waits bytea,  -- a new one that was not yet confirmed with a code
  add column totp_step bigint default 0 not null,  -- the last interval a code was taken of: none is taken twice
  add column totp_at timestamp with time zone,
  add column factor_failed integer default 0 not null;
grant select (totp_at) on account to commandcenter_app;

create table recovery_code (
  account_id bigint not null references account (id),
  digest bytea not null,
  used_at timestamp with time zone,
  primary key (account_id, digest)
);
alter table recovery_code enable row level security;
alter table recovery_code force row level security;
create policy by_its_functions on recovery_code to commandcenter_owner using (true) with check (true);

alter table sign_in add column strong_at timestamp with time zone;  -- when a second factor was given
grant select (strong_at) on sign_in to commandcenter_app;

alter table appointment
  add column grid_code text,
  add column state text default 'active' not null,
  add column settled_at timestamp with time zone,
  add column settled_by text,
  add constraint state_is_known check (state in ('pending', 'active', 'refused')),
  add constraint one_place check (area_code is null or grid_code is null);

create view held_role with (security_invoker, security_barrier) as
  select p.id, p.account_id, p.role_code, p.centre, p.area_code, p.grid_code, r.permissions, r.sensitive
  from appointment p join role r on r.code = p.role_code
  where p.state = 'active' and p.valid_from <= now() and (p.valid_to is null or p.valid_to > now());

-- A city always has somebody to propose accounts, to let them in, and to read the audit: the last of each stays.
create function need_not_last(of_account bigint, of_appointment bigint default null) returns void
language plpgsql stable set search_path = public, pg_temp as
$$
begin
  if exists (
    with held as (
      select h.id, h.account_id, said from held_role h join account a on a.id = h.account_id, unnest(h.permissions) said
      where a.state = 'active' and said in ('accounts', 'security', 'audit')
    ), leaving as (
      select * from held where account_id = of_account and (of_appointment is null or id = of_appointment))
    select from leaving l where not exists (select from held o where o.said = l.said and o.id not in (select id from leaving))
  ) then
    raise exception 'the last administrator of a kind' using errcode = 'object_in_use';
  end if;
end $$;

-- What an active account may at this moment: the permissions of its roles, and the part of the city that those roles with a view have.
-- A centre narrows which kinds of cases are seen there ('kind@code'); where none of the roles has a centre, case_places is null.
drop function sign_in_actor(bytea, interval);
drop function account_actor(bigint);
create function account_actor(of_account bigint)
returns table (account_id bigint, title text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[],
               grids text[], case_places text[])
language sql stable security definer set search_path = public, pg_temp as
$$
  with held as (
    select h.centre, coalesce(h.grid_code, h.area_code) as code, h.permissions,
      case when h.grid_code is not null then 'grid' when h.area_code is null then 'city'
           else (select level from area where code = h.area_code and gone_run_id is null order by code_system limit 1) end as level
    from held_role h where h.account_id = of_account
  ), placed as (
    select centre, level, case level when 'city' then '' else code end as code from held where 'read' = any(permissions) and level is not null
  )
  select a.id, a.title,
    coalesce((select array_agg(distinct said order by said) from held, unnest(held.permissions) said), '{}'),
    coalesce((select bool_or(level = 'city') from placed), false),
    coalesce((select array_agg(distinct code order by code) from placed where level = 'district'), '{}'),
    coalesce((select array_agg(distinct code order by code) from placed where level = 'street'), '{}'),
    coalesce((select array_agg(distinct code order by code) from placed where level = 'community'), '{}'),
    coalesce((select array_agg(distinct code order by code) from placed where level = 'grid'), '{}'),
    (select array_agg(distinct k.kind || '@' || p.code) from placed p join centre_kind k on p.centre is null or k.centre = p.centre
     having bool_or(p.centre is not null))
  from account a where a.id = of_account and a.state = 'active'
$$;

-- Whose sign-in a token is, and what is due before it is worth anything: the code of a second factor, a password of one's own,
-- a second factor where a role asks for one. While something is due nothing is permitted and nothing is seen.
-- A request that nobody stands behind (a page left open asks for its figures) does not count as use.
create function sign_in_actor(token_digest bytea, idle interval, attended boolean)
returns table (account_id bigint, title text, due text, strong boolean, permissions text[], whole_city boolean, districts text[], streets text[],
               communities text[], grids text[], case_places text[])
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  found_id bigint;
  strong_since timestamp with time zone;
  is_due text;
begin
  select s.account_id, s.strong_at into found_id, strong_since from sign_in s join account a on a.id = s.account_id
  where s.digest = token_digest and s.ended_at is null and s.ends_at > now() and s.seen_at > now() - idle and a.state = 'active';
  if found_id is null then return; end if;
  if attended then
    update sign_in s set seen_at = now() where s.digest = token_digest;
  end if;
  select case when a.totp_at is not null and strong_since is null then 'code'
              when a.must_change then 'password'
              when strong_since is null and exists (select from held_role h where h.account_id = a.id and h.sensitive) then 'factor'
              else '' end
  into is_due from account a where a.id = found_id;
  if is_due = '' then
    return query select a.account_id, a.title, is_due, strong_since is not null, a.permissions, a.whole_city, a.districts, a.streets, a.communities,
      a.grids, a.case_places from account_actor(found_id) a;
  else
    return query select a.id, a.title, is_due, strong_since is not null, '{}'::text[], false, '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[], '{}'::text[]
      from account a where a.id = found_id;
  end if;
end $$;

-- The account of a living sign-in. ``strongly``: only of one that gave its second factor, where the account has one.
create function signed_in_account(token_digest bytea, strongly boolean default true) returns bigint
language sql stable security definer set search_path = public, pg_temp as
$$
  select s.account_id from sign_in s join account a on a.id = s.account_id
  where s.digest = token_digest and s.ended_at is null and s.ends_at > now() and a.state = 'active'
    and (not strongly or a.totp_at is null or s.strong_at is not null)
$$;

-- A try that was right: the count begins anew, and the sign-in lives until it ends. ``strong``: a second factor was given already.
drop function sign_in_begin(bigint, bytea, interval, text, text);
create function sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text, strong boolean)
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  update account set failed = 0, locked_until = null where id = of_account and state = 'active';
  if not found then return false; end if;
  insert into sign_in (account_id, digest, ends_at, address, agent, strong_at)
  values (of_account, token_digest, now() + lasts, from_address, left(by_agent, 200), case when strong then now() end);
  perform set_config('commandcenter.actor', 'account:' || of_account, true);  -- from here on it is they who act
  perform note_account('sign_in', of_account, jsonb_build_object('strong', strong), from_address);
  return true;
end $$;

-- One try with a code: counted before it is looked at, as with passwords, and locked after as many.
create function factor_try(token_digest bytea, most integer, lock_for interval)
returns table (account_id bigint, sealed bytea, last_step bigint) language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account constant bigint := signed_in_account(token_digest, false);
begin
  return query
    update account a
    set factor_failed = case when a.factor_failed >= most then 1 else a.factor_failed + 1 end,
        locked_until = case when (case when a.factor_failed >= most then 1 else a.factor_failed + 1 end) >= most then now() + lock_for else a.locked_until end
    where a.id = of_account and a.totp_at is not null and (a.locked_until is null or a.locked_until <= now())
    returning a.id, a.totp_sealed, a.totp_step;
end $$;

-- A code that was right, of an interval nobody has used before.
create function factor_pass(token_digest bytea, step bigint, from_address text)
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account constant bigint := signed_in_account(token_digest, false);
begin
  update account set totp_step = step, factor_failed = 0, locked_until = null where id = of_account and totp_at is not null and totp_step < step;
  if not found then return false; end if;
  update sign_in set strong_at = now() where digest = token_digest;
  perform set_config('commandcenter.actor', 'account:' || of_account, true);
  perform note_account('sign_in', of_account, '{"factor": "code"}', from_address);
  return true;
end $$;

-- A recovery code instead; each is good for one time. Tries are counted by factor_try.
create function factor_recover(token_digest bytea, code_digest bytea, from_address text)
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account constant bigint := signed_in_account(token_digest, false);
begin
  update recovery_code set used_at = now() where account_id = of_account and digest = code_digest and used_at is null;
  if not found then return false; end if;
  update account set factor_failed = 0, locked_until = null where id = of_account;
  update sign_in set strong_at = now() where digest = token_digest;
  perform set_config('commandcenter.actor', 'account:' || of_account, true);
  perform note_account('sign_in', of_account, '{"factor": "recovery"}', from_address);
  return true;
end $$;

create function factor_failed(token_digest bytea, from_address text) returns void language sql volatile security definer set search_path = public, pg_temp as
$$ select note_account('sign_in_failed', signed_in_account(token_digest, false), '{"factor": "code"}', from_address) $$;

-- Setting a second factor up: a secret waits until a code of it was given; then it takes the place of the one before.
create function factor_offer(token_digest bytea, sealed bytea) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  update account set totp_waits = sealed where id = signed_in_account(token_digest) and not must_change;
  return found;
end $$;

create function factor_waiting(token_digest bytea) returns table (account_id bigint, sealed bytea)
language sql stable security definer set search_path = public, pg_temp as
$$ select id, totp_waits from account where id = signed_in_account(token_digest) and totp_waits is not null $$;

create function factor_confirm(token_digest bytea, step bigint, codes bytea[])
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account constant bigint := signed_in_account(token_digest);
begin
  update account set totp_sealed = totp_waits, totp_waits = null, totp_step = step, totp_at = now(), factor_failed = 0
  where id = of_account and totp_waits is not null;
  if not found then return false; end if;
  delete from recovery_code where account_id = of_account;
  insert into recovery_code (account_id, digest) select of_account, unnest(codes);
  update sign_in set strong_at = now() where digest = token_digest;
  update sign_in set ended_at = now() where account_id = of_account and digest <> token_digest and ended_at is null and strong_at is null;
  perform note_account('account', of_account, '{"did": "factor"}');
  return true;
end $$;

-- How many recovery codes of the acting account are left.
create function recovery_codes_left() returns integer language sql stable security definer set search_path = public, pg_temp as
$$ select count(*)::integer from recovery_code where account_id = actor_account() and used_at is null $$;

-- One's own new password; the other sign-ins end. Not before the second factor was given.
create or replace function password_change(hash text, keep bytea) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  update account set password_hash = hash, password_at = now(), must_change = false
  where id = actor_account() and state = 'active' and id = signed_in_account(keep);
  if not found then return false; end if;
  perform sign_ins_end(keep);
  perform note_account('account', actor_account(), '{"did": "password"}');
  return true;
end $$;

-- A place that an appointment may name.
create function need_place(area_of text, grid_of text) returns void language plpgsql stable set search_path = public, pg_temp as
$$
begin
  if area_of is not null and not exists (select from area where code = area_of and gone_run_id is null) then
    raise exception 'no area %', area_of using errcode = 'no_data_found';
  end if;
  if grid_of is not null and not exists (select from grid where code = grid_of and gone_run_id is null) then
    raise exception 'no grid %', grid_of using errcode = 'no_data_found';
  end if;
end $$;
create policy places_for_functions on grid for select to commandcenter_owner using (true);

-- A new account waits; nobody but the security administrator lets it in.
drop function account_propose(text, text, text, text, text, text, timestamp with time zone);
create function account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, grid_of text, until timestamp with time zone)
returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare made bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_place(area_of, grid_of);
  insert into account (name, title, password_hash, password_at, created_by)
  values (new_name, new_title, hash, now(), current_setting('commandcenter.actor')) returning id into made;
  insert into appointment (account_id, role_code, centre, area_code, grid_code, valid_to, created_by)
  values (made, role_of, centre_of, area_of, grid_of, until, current_setting('commandcenter.actor'));
  perform note_account('account', made, jsonb_build_object('did', 'proposed', 'role', role_of, 'centre', centre_of, 'area', area_of, 'grid', grid_of, 'until', until));
  return made;
end $$;

-- A further appointment of an account waits by itself; nobody appoints themselves.
create function appointment_propose(of_name text, role_of text, centre_of text, area_of text, grid_of text, since timestamp with time zone, until timestamp with time zone)
returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  of_account constant bigint := (select id from account where name = of_name and state <> 'disabled');
  made bigint;
begin
  if not actor_may('accounts') or of_account = actor_account() then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  if of_account is null then return null; end if;
  perform need_place(area_of, grid_of);
  insert into appointment (account_id, role_code, centre, area_code, grid_code, state, valid_from, valid_to, created_by)
  values (of_account, role_of, centre_of, area_of, grid_of, 'pending', coalesce(since, now()), until, current_setting('commandcenter.actor')) returning id into made;
  perform note_account('account', of_account, jsonb_build_object('did', 'appointment', 'appointment', made, 'role', role_of, 'centre', centre_of,
    'area', area_of, 'grid', grid_of, 'since', since, 'until', until));
  return made;
end $$;

create function appointment_settle(of_appointment bigint, approved boolean) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account bigint;
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update appointment set state = case when approved then 'active' else 'refused' end, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_appointment and state = 'pending' and created_by <> current_setting('commandcenter.actor') and account_id is distinct from actor_account()
  returning account_id into of_account;
  if of_account is null then return false; end if;
  perform note_account('approve', of_account, jsonb_build_object('approved', approved, 'appointment', of_appointment));
  return true;
end $$;

-- Taking away needs no second pair of eyes.
create function appointment_end(of_appointment bigint) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account bigint;
begin
  if not (actor_may('accounts') or actor_may('security')) then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  select account_id into of_account from appointment where id = of_appointment and state <> 'refused' and (valid_to is null or valid_to > now());
  if of_account is null then return false; end if;
  perform need_not_last(of_account, of_appointment);
  update appointment set valid_to = greatest(now(), valid_from) where id = of_appointment and state = 'active';
  update appointment set state = 'refused', settled_at = now(), settled_by = current_setting('commandcenter.actor') where id = of_appointment and state = 'pending';
  perform note_account('account', of_account, jsonb_build_object('did', 'appointment ended', 'appointment', of_appointment));
  return true;
end $$;

-- A new password for an account, without the second factor that may be lost with it; it waits until it is approved, and every sign-in ends.
create or replace function account_reset(of_name text, hash text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_not_last((select id from account where name = of_name));
  update account set password_hash = hash, password_at = now(), must_change = true, failed = 0, factor_failed = 0, locked_until = null, state = 'pending',
    totp_sealed = null, totp_waits = null, totp_at = null, settled_at = null, settled_by = null where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  delete from recovery_code where account_id = found_id;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "reset"}');
  return true;
end $$;

create or replace function account_disable(of_name text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not (actor_may('accounts') or actor_may('security')) then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_not_last((select id from account where name = of_name));
  update account set state = 'disabled', settled_at = now(), settled_by = current_setting('commandcenter.actor') where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "disabled"}');
  return true;
end $$;

do $$
declare signature text;
begin
  foreach signature in array array['need_not_last(bigint, bigint)', 'need_place(text, text)'] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_owner', signature);
  end loop;
  foreach signature in array array[
    'account_actor(bigint)', 'sign_in_actor(bytea, interval, boolean)', 'signed_in_account(bytea, boolean)',
    'sign_in_begin(bigint, bytea, interval, text, text, boolean)', 'factor_try(bytea, integer, interval)', 'factor_pass(bytea, bigint, text)',
    'factor_recover(bytea, bytea, text)', 'factor_failed(bytea, text)', 'factor_offer(bytea, bytea)', 'factor_waiting(bytea)',
    'factor_confirm(bytea, bigint, bytea[])', 'recovery_codes_left()',
    'account_propose(text, text, text, text, text, text, text, timestamp with time zone)',
    'appointment_propose(text, text, text, text, text, timestamp with time zone, timestamp with time zone)',
    'appointment_settle(bigint, boolean)', 'appointment_end(bigint)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
end $$;
