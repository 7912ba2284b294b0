-- People and what they may: accounts, roles, appointments to a part of the city, and their sign-ins.
-- Passwords and tokens are reached through the functions below alone; what the application may read of the rest, its policies say.

create table role (
  code text primary key,
  title text not null,
  title_en text not null,
  permissions text[] not null,
  sensitive boolean default false not null,
  position integer not null
);

create table account (
  id bigint generated always as identity primary key,
  name text not null unique,
  title text not null,
  state text default 'pending' not null,
  password_hash text,
  password_at timestamp with time zone,
  must_change boolean default true not null,
  failed integer default 0 not null,
  locked_until timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  settled_at timestamp with time zone,
  settled_by text,
  constraint state_is_known check (state in ('pending', 'active', 'disabled')),
  constraint name_is_a_name check (name ~ '^[a-z][a-z0-9._-]{1,39}$')
);

create table appointment (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  role_code text not null references role (code),
  centre text,
  area_code text,
  valid_from timestamp with time zone default now() not null,
  valid_to timestamp with time zone,
  created_by text not null,
  constraint centre_is_known check (centre in ('emergency', 'grid', 'urban'))
);
create index appointment_account on appointment (account_id);

create table sign_in (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  digest bytea not null unique,
  at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  ends_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  address text not null,
  agent text not null
);
create index sign_in_account on sign_in (account_id) where ended_at is null;

-- The account that acts, where an account acts.
create function actor_account() returns bigint language sql stable parallel safe as
$$ select substring(current_setting('commandcenter.actor', true) from '^account:(\d{1,18})$')::bigint $$;

do $$
declare name text;
begin
  foreach name in array array['role', 'account', 'appointment', 'sign_in'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy by_its_functions on %I to commandcenter_owner using (true) with check (true)', name);
  end loop;
end $$;

grant select on role to commandcenter_app;
grant select (id, name, title, state, must_change, locked_until, created_at, created_by, settled_at, settled_by) on account to commandcenter_app;
grant select on appointment to commandcenter_app;
grant select (id, account_id, at, seen_at, ends_at, ended_at, address, agent) on sign_in to commandcenter_app;

create policy read_as_an_actor on role for select to commandcenter_app using ((select actor_is_present()));
create policy read_own_or_administer on account for select to commandcenter_app
  using (id = (select actor_account()) or (select actor_may('accounts')) or (select actor_may('security')) or (select actor_may('audit')));
create policy read_own_or_administer on appointment for select to commandcenter_app
  using (account_id = (select actor_account()) or (select actor_may('accounts')) or (select actor_may('security')));
create policy read_own_or_administer on sign_in for select to commandcenter_app
  using (account_id = (select actor_account()) or (select actor_may('security')));

-- What happens to accounts is audited in the same statement, whoever calls; words that were typed never are.
create function note_account(did text, of_account bigint, more jsonb, from_address text default null)
returns void language sql volatile set search_path = public, pg_temp as
$$
  insert into audit_event (actor, door, act, subject_table, subject_key, detail, address)
  values (current_setting('commandcenter.actor'), case when current_setting('commandcenter.actor') = 'builtin:accounts' then 'cli' else 'api' end,
          did, 'account', of_account::text, more, nullif(from_address, '')::inet)
$$;

-- One try to sign in: it is counted before the password is looked at, so that many tries at once cannot pass the lock together.
-- Nothing comes back for a name nobody has, for an account that is not active, and for a locked one.
create function sign_in_try(said_name text, most integer, lock_for interval)
returns table (account_id bigint, password_hash text) language sql volatile security definer set search_path = public, pg_temp as
$$
  update account a
  set failed = case when a.locked_until is null then a.failed + 1 else 1 end,
      locked_until = case when (case when a.locked_until is null then a.failed + 1 else 1 end) >= most then now() + lock_for end
  where a.name = said_name and a.state = 'active' and a.password_hash is not null and (a.locked_until is null or a.locked_until <= now())
  returning a.id, a.password_hash
$$;

-- A try that was right: the count begins anew, and the sign-in lives until it ends.
create function sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text)
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  update account set failed = 0, locked_until = null where id = of_account and state = 'active';
  if not found then return false; end if;
  insert into sign_in (account_id, digest, ends_at, address, agent)
  values (of_account, token_digest, now() + lasts, from_address, left(by_agent, 200));
  perform set_config('commandcenter.actor', 'account:' || of_account, true);  -- from here on it is they who act
  perform note_account('sign_in', of_account, '{}', from_address);
  return true;
end $$;

-- A try that was wrong, for a name that somebody has or nobody.
create function sign_in_failed(said_name text, from_address text) returns void language sql volatile security definer set search_path = public, pg_temp as
$$ select note_account('sign_in_failed', (select id from account where name = said_name), '{}', from_address) $$;

-- Whose sign-in a token is, with what that account may at this moment; nothing once it is over.
create function sign_in_actor(token_digest bytea, idle interval)
returns table (account_id bigint, title text, must_change boolean, permissions text[], whole_city boolean, districts text[], streets text[], communities text[])
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  update sign_in s set seen_at = now()
  where s.digest = token_digest and s.ended_at is null and s.ends_at > now() and s.seen_at > now() - idle
    and exists (select from account a where a.id = s.account_id and a.state = 'active')
  returning s.account_id into found_id;
  if found_id is null then return; end if;
  return query select * from account_actor(found_id);
end $$;

-- What an active account may at this moment: the permissions of its roles, and the part of the city that those roles with a view have.
create function account_actor(of_account bigint)
returns table (account_id bigint, title text, must_change boolean, permissions text[], whole_city boolean, districts text[], streets text[], communities text[])
language sql stable security definer set search_path = public, pg_temp as
$$
  with held as (
    select p.area_code, r.permissions from appointment p join role r on r.code = p.role_code
    where p.account_id = of_account and p.valid_from <= now() and (p.valid_to is null or p.valid_to > now())
  ), placed as (
    select h.area_code, a.level from held h left join lateral (
      select level from area where code = h.area_code and gone_run_id is null order by code_system limit 1) a on true
    where 'read' = any(h.permissions)
  )
  select a.id, a.title, a.must_change,
    coalesce((select array_agg(distinct said order by said) from held, unnest(held.permissions) said), '{}'),
    coalesce((select bool_or(area_code is null or level = 'city') from placed), false),
    coalesce((select array_agg(distinct area_code order by area_code) from placed where level = 'district'), '{}'),
    coalesce((select array_agg(distinct area_code order by area_code) from placed where level = 'street'), '{}'),
    coalesce((select array_agg(distinct area_code order by area_code) from placed where level = 'community'), '{}')
  from account a where a.id = of_account and a.state = 'active'
$$;

-- An end to one's own sign-ins: one of them, or all but one.
create function sign_in_end(token_digest bytea) returns void language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare of_account bigint;
begin
  update sign_in set ended_at = now() where digest = token_digest and ended_at is null returning account_id into of_account;
  if of_account is null then return; end if;
  perform set_config('commandcenter.actor', 'account:' || of_account, true);
  perform note_account('sign_out', of_account, '{}');
end $$;

create function sign_ins_end(but_not bytea) returns integer language sql volatile security definer set search_path = public, pg_temp as
$$
  with ended as (
    update sign_in set ended_at = now()
    where account_id = actor_account() and ended_at is null and digest is distinct from but_not returning 1)
  select count(*)::integer from ended
$$;

-- A new account waits; nobody but the security administrator lets it in.
create function account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, until timestamp with time zone)
returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare made bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  if area_of is not null and not exists (select from area where code = area_of and gone_run_id is null) then
    raise exception 'no area %', area_of using errcode = 'no_data_found';
  end if;
  insert into account (name, title, password_hash, password_at, created_by)
  values (new_name, new_title, hash, now(), current_setting('commandcenter.actor')) returning id into made;
  insert into appointment (account_id, role_code, centre, area_code, valid_to, created_by)
  values (made, role_of, centre_of, area_of, until, current_setting('commandcenter.actor'));
  perform note_account('account', made, jsonb_build_object('did', 'proposed', 'role', role_of, 'centre', centre_of, 'area', area_of, 'until', until));
  return made;
end $$;

-- A new password for an account; it waits again until it is approved, and every sign-in of it ends.
create function account_reset(of_name text, hash text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update account set password_hash = hash, password_at = now(), must_change = true, failed = 0, locked_until = null, state = 'pending',
    settled_at = null, settled_by = null where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "reset"}');
  return true;
end $$;

-- Out at once: taking away needs no second pair of eyes.
create function account_disable(of_name text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not (actor_may('accounts') or actor_may('security')) then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update account set state = 'disabled', settled_at = now(), settled_by = current_setting('commandcenter.actor') where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "disabled"}');
  return true;
end $$;

-- The security administrator's word on an account that waits. Nobody approves what they proposed, nor themselves.
create function account_settle(of_account bigint, approved boolean) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update account set state = case when approved then 'active' else 'disabled' end, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_account and state = 'pending' and created_by <> current_setting('commandcenter.actor') and id is distinct from actor_account();
  if not found then return false; end if;
  perform note_account('approve', of_account, jsonb_build_object('approved', approved));
  return true;
end $$;

-- One's own new password; the other sign-ins end.
create function password_change(hash text, keep bytea) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  update account set password_hash = hash, password_at = now(), must_change = false where id = actor_account() and state = 'active';
  if not found then return false; end if;
  perform sign_ins_end(keep);
  perform note_account('account', actor_account(), '{"did": "password"}');
  return true;
end $$;

create function own_password_hash() returns text language sql stable security definer set search_path = public, pg_temp as
$$ select password_hash from account where id = actor_account() and state = 'active' $$;

-- Whether anybody could sign in at all: the sign-in page of a city without accounts says how the first are made.
create function any_account() returns boolean language sql stable security definer set search_path = public, pg_temp as
$$ select exists (select from account) $$;

-- The three administrators of a city without any account: the one moment in which nobody has to approve.
create function first_administrators(hashes text[]) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  names constant text[] := array['system', 'security', 'audit'];
  titles constant text[] := array['系统管理员', '安全管理员', '审计管理员'];
  made bigint;
begin
  lock table account in exclusive mode;
  if exists (select from account) or cardinality(hashes) <> 3 then return false; end if;
  for n in 1..3 loop
    insert into account (name, title, state, password_hash, password_at, created_by, settled_at, settled_by)
    values (names[n], titles[n], 'active', hashes[n], now(), 'builtin:first', now(), 'builtin:first') returning id into made;
    insert into appointment (account_id, role_code, created_by) values (made, names[n] || '_administrator', 'builtin:first');
    perform note_account('account', made, jsonb_build_object('did', 'first', 'role', names[n] || '_administrator'));
  end loop;
  return true;
end $$;

insert into role (code, title, title_en, permissions, sensitive, position) values
  ('shift_leader', '值班长', 'Shift leader', '{read}', false, 10),
  ('acceptor', '受理员', 'Acceptor', '{read}', false, 20),
  ('dispatcher', '派遣员', 'Dispatcher', '{read}', false, 30),
  ('grid_worker', '网格员', 'Grid worker', '{read}', false, 40),
  ('enforcement_officer', '执法队员', 'Enforcement officer', '{read}', false, 50),
  ('department_handler', '部门经办', 'Department handler', '{read}', false, 60),
  ('grid_leader', '网格长', 'Grid leader', '{read}', false, 70),
  ('verifier', '核查员', 'Verifier', '{read}', false, 80),
  ('evaluator', '考核员', 'Evaluator', '{read}', false, 90),
  ('legal_reviewer', '法制审核员', 'Legal reviewer', '{read}', false, 100),
  ('duty_leader', '带班领导', 'Duty leader', '{read}', false, 110),
  ('planner', '网格管理员', 'Planner', '{plan,read}', false, 120),
  ('leader', '领导', 'Leader', '{read}', false, 130),
  ('data_steward', '数据管理员', 'Data steward', '{read,steward,write}', true, 140),
  ('system_administrator', '系统管理员', 'System administrator', '{accounts}', true, 150),
  ('security_administrator', '安全管理员', 'Security administrator', '{security}', true, 160),
  ('audit_administrator', '审计管理员', 'Audit administrator', '{audit}', true, 170);

revoke execute on function note_account(text, bigint, jsonb, text) from public;
grant execute on function note_account(text, bigint, jsonb, text) to commandcenter_owner;

do $$
declare signature text;
begin
  foreach signature in array array[
    'actor_account()', 'sign_in_try(text, integer, interval)', 'sign_in_begin(bigint, bytea, interval, text, text)', 'sign_in_failed(text, text)', 'sign_in_actor(bytea, interval)',
    'account_actor(bigint)', 'sign_in_end(bytea)', 'sign_ins_end(bytea)',
    'account_propose(text, text, text, text, text, text, timestamp with time zone)', 'account_reset(text, text)', 'account_disable(text)',
    'account_settle(bigint, boolean)', 'password_change(text, bytea)', 'own_password_hash()', 'any_account()', 'first_administrators(text[])'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
end $$;

-- account_actor asks of which level an area is, before anybody acts.
create policy levels_for_functions on area for select to commandcenter_owner using (true);
