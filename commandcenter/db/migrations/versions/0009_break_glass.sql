-- In an emergency somebody sees the whole city for some minutes: a reason, an end, a row that the security administrator reads.
-- It widens the place and nothing else: while it runs the account only looks. See docs/security.md.

create table break_glass (
  id bigint generated always as identity primary key,
  account_id bigint not null references account (id),
  begun_at timestamp with time zone default now() not null,
  ends_at timestamp with time zone not null,
  reason text not null,
  ended_at timestamp with time zone,
  ended_by text,
  seen_at timestamp with time zone,
  seen_by text,
  constraint lasts_an_hour_at_most check (ends_at > begun_at and ends_at <= begun_at + interval '60 minutes'),
  constraint reason_says_something check (char_length(regexp_replace(reason, '\s', '', 'g')) >= 10)
);
create index break_glass_account on break_glass (account_id, begun_at);
alter table break_glass enable row level security;
alter table break_glass force row level security;
create policy by_its_functions on break_glass to commandcenter_owner using (true) with check (true);
create policy read_own_or_administer on break_glass for select to commandcenter_app
  using (account_id = (select actor_account()) or (select actor_may('security')));
grant select on break_glass to commandcenter_app;

-- Who meets an emergency where it happens and has to look over the border of their own part: the leaders on shift and on duty who
-- command it, the dispatcher who sends the next street's people, the grid leader and the enforcement officer who stand in it.
-- Acceptors and verifiers work on what is given to them, leaders and evaluators on figures, administrators on accounts.
update role set permissions = array(select distinct said from unnest(permissions || '{break_glass}') said order by said)
where code in ('shift_leader', 'duty_leader', 'dispatcher', 'grid_leader', 'enforcement_officer');

-- Whatever else a transaction claims to hold: behind broken glass nothing is written.
create or replace function actor_may_write() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.may_write', true), '') = 'on' and coalesce(current_setting('commandcenter.actor', true), '') <> ''
      and not actor_may('glass_broken') $$;

-- What an account may by its appointments alone. Jobs run so: they may outlive the emergency.
alter function account_actor(bigint) rename to account_as_appointed;

-- What an active account may at this moment. While glass is broken it sees the whole city and all kinds of cases, and keeps of its
-- permissions those to look; with the first of them gone (the role that may break glass) the place falls back at once.
create function account_actor(of_account bigint)
returns table (account_id bigint, title text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[],
               grids text[], case_places text[])
language sql stable security definer set search_path = public, pg_temp as
$$
  select a.account_id, a.title,
    case when g.broken then array(select said from unnest(a.permissions || '{glass_broken}') said
                                  where said in ('break_glass', 'glass_broken', 'people', 'read', 'reveal') order by said) else a.permissions end,
    a.whole_city or g.broken,
    case when g.broken then '{}' else a.districts end,
    case when g.broken then '{}' else a.streets end,
    case when g.broken then '{}' else a.communities end,
    case when g.broken then '{}' else a.grids end,
    case when g.broken then null else a.case_places end
  from account_as_appointed(of_account) a cross join lateral (
    select 'break_glass' = any(a.permissions)
       and exists (select from break_glass b where b.account_id = a.account_id and b.ended_at is null and b.ends_at > now()) as broken) g
$$;

-- The emergency of an account that runs: its end, as the city's clock shows it, and the seconds left.
create function break_glass_running(of_account bigint)
returns table (id bigint, ends_at timestamp with time zone, until text, left_s double precision)
language sql stable security definer set search_path = public, pg_temp as
$$
  select b.id, b.ends_at, to_char(b.ends_at at time zone coalesce((select time_zone from city limit 1), 'UTC'), 'HH24:MI'),
         extract(epoch from b.ends_at - now())::double precision
  from break_glass b where b.account_id = of_account and b.ended_at is null and b.ends_at > now()
$$;

create function note_break_glass(of_glass bigint, more jsonb, why text default null, from_address text default null) returns void
language sql volatile set search_path = public, pg_temp as
$$
  insert into audit_event (actor, door, act, subject_table, subject_key, reason, detail, address)
  values (current_setting('commandcenter.actor'), 'api', 'break_glass', 'break_glass', of_glass::text, why, more, nullif(from_address, '')::inet)
$$;

-- The acting account breaks glass; its end. Refused for who may not, while one runs, and where there is nothing to widen.
create function break_glass_begin(said_reason text, minutes integer, from_address text) returns timestamp with time zone
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare
  held record;
  made break_glass;
begin
  perform from account a where a.id = actor_account() for update;  -- two at once meet here
  select * into held from account_as_appointed(actor_account());
  if not found or not actor_may('break_glass') or not 'break_glass' = any(held.permissions) then
    raise exception 'not permitted' using errcode = 'insufficient_privilege';
  end if;
  if held.whole_city and held.case_places is null then
    raise exception 'nothing to widen' using errcode = 'object_not_in_prerequisite_state';
  end if;
  if exists (select from break_glass_running(held.account_id)) then
    raise exception 'one runs already' using errcode = 'object_in_use';
  end if;
  insert into break_glass (account_id, ends_at, reason) values (held.account_id, now() + make_interval(mins => minutes), said_reason) returning * into made;
  perform note_break_glass(made.id, jsonb_build_object('did', 'begun', 'minutes', minutes), said_reason, from_address);
  return made.ends_at;
end $$;

-- The end of one's own (no number), or of anybody's by the security administrator.
create function break_glass_end(of_glass bigint default null) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  update break_glass b set ended_at = now(), ended_by = current_setting('commandcenter.actor')
  where b.ended_at is null and b.ends_at > now()
    and case when of_glass is null then b.account_id = actor_account() else b.id = of_glass and actor_may('security') end
  returning b.id into found_id;
  if found_id is null then return false; end if;
  perform note_break_glass(found_id, '{"did": "ended"}');
  return true;
end $$;

-- The security administrator has read it; nobody sees off their own.
create function break_glass_see(of_glass bigint) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update break_glass b set seen_at = now(), seen_by = current_setting('commandcenter.actor')
  where b.id = of_glass and b.seen_at is null and b.account_id is distinct from actor_account();
  if not found then return false; end if;
  perform note_break_glass(of_glass, '{"did": "seen"}');
  return true;
end $$;

-- The report: the latest emergencies, the unseen first, with what the account did during each as the audit has it, counted by act.
create function break_glass_report(most integer)
returns table (id bigint, name text, title text, begun_at timestamp with time zone, ends_at timestamp with time zone, ended_at timestamp with time zone,
               ended_by text, running boolean, reason text, acts jsonb, seen_at timestamp with time zone, seen_by text, own boolean)
language sql stable security definer set search_path = public, pg_temp as
$$
  select b.id, a.name, a.title, b.begun_at, b.ends_at, b.ended_at, coalesce(e.name, b.ended_by), b.ended_at is null and b.ends_at > now(), b.reason,
    (select coalesce(jsonb_object_agg(x.act, x.times), '{}') from (
       select v.act, count(*) as times from audit_event v
       where v.actor = 'account:' || b.account_id and v.at between b.begun_at and coalesce(b.ended_at, b.ends_at) and v.act <> 'break_glass'
       group by v.act) x),
    b.seen_at, coalesce(s.name, b.seen_by), b.account_id is not distinct from actor_account()
  from break_glass b join account a on a.id = b.account_id
  left join account e on 'account:' || e.id = b.ended_by left join account s on 'account:' || s.id = b.seen_by
  where actor_may('security')
  order by b.seen_at is not null, b.begun_at desc, b.id desc limit most
$$;

do $$
declare signature text;
begin
  revoke execute on function note_break_glass(bigint, jsonb, text, text) from public;
  grant execute on function note_break_glass(bigint, jsonb, text, text) to commandcenter_owner;
  foreach signature in array array[
    'account_actor(bigint)', 'break_glass_running(bigint)', 'break_glass_begin(text, integer, text)', 'break_glass_end(bigint)', 'break_glass_see(bigint)',
    'break_glass_report(integer)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
end $$;
