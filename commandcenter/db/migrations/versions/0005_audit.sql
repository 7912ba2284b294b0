-- The audit: events are only inserted, a chain of hashes seals them, whole months leave by retention. docs/adr/0013.

-- Whether the acting person holds a permission. Nobody holds any.
create function actor_may(permission text) returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('commandcenter.actor', true), '') <> ''
      and permission = any(coalesce(nullif(current_setting('commandcenter.permissions', true), ''), '{}')::text[]) $$;

CREATE SEQUENCE audit_event_id;

CREATE TABLE audit_event (
  id BIGINT DEFAULT nextval('audit_event_id') NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  actor TEXT NOT NULL,
  door TEXT NOT NULL,
  act TEXT NOT NULL,
  subject_table TEXT,
  subject_key TEXT,
  reason TEXT,
  detail JSONB DEFAULT '{}' NOT NULL,
  address INET,
  PRIMARY KEY (id, at),
  CONSTRAINT door_is_known CHECK (door in ('wall', 'desk', 'cli', 'worker', 'api')),
  CONSTRAINT act_is_a_word CHECK (act ~ '^[a-z][a-z_]{1,39}$')
) PARTITION BY RANGE (at);
ALTER SEQUENCE audit_event_id OWNED BY audit_event.id;

CREATE INDEX audit_event_at ON audit_event (at);
CREATE INDEX audit_event_actor ON audit_event (actor, at);
CREATE INDEX audit_event_subject ON audit_event (subject_table, subject_key);

CREATE TABLE audit_waiting (
  event_id BIGINT NOT NULL,
  event_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (event_id, event_at)
);

CREATE TABLE audit_chain (
  seq BIGINT NOT NULL,
  event_id BIGINT NOT NULL,
  event_at TIMESTAMP WITH TIME ZONE NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (event_id, event_at),
  CONSTRAINT hash_is_sha256 CHECK (octet_length(hash) = 32)
);

CREATE TABLE audit_checkpoint (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  before TIMESTAMP WITH TIME ZONE NOT NULL,
  dropped_to BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (id)
);

-- Refused for everybody, the owner and superusers too: who wants to change history has to switch this off first, and the chain
-- tells all the same. Links and what waits leave by their own rules only.
create function audit_stays() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message = format('the audit is only appended to: no %s on %s', lower(tg_op), tg_table_name);
end $$;
create function audit_link_stays() returns trigger language plpgsql as $$
begin
  if old.seq <= (select max(seq) from audit_checkpoint) then return old; end if;
  raise insufficient_privilege using message = format('link %s of the audit chain lies after the last checkpoint', old.seq);
end $$;
create function audit_waits_until_sealed() returns trigger language plpgsql as $$
begin
  if exists (select from audit_chain c where c.event_id = old.event_id and c.event_at = old.event_at) then return old; end if;
  raise insufficient_privilege using message = format('audit event %s waits until it is sealed', old.event_id);
end $$;

create trigger stays before update or delete on audit_event for each row execute function audit_stays();
create trigger stays before update on audit_waiting for each row execute function audit_stays();
create trigger stays before update on audit_chain for each row execute function audit_stays();
create trigger stays before update or delete on audit_checkpoint for each row execute function audit_stays();
create trigger leaves_by_retention before delete on audit_chain for each row execute function audit_link_stays();
create trigger leaves_when_sealed before delete on audit_waiting for each row execute function audit_waits_until_sealed();

do $$
declare name text;
begin
  foreach name in array array['audit_event','audit_waiting','audit_chain','audit_checkpoint'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create trigger stays_whole before truncate on %I for each statement execute function audit_stays()', name);
    execute format('create policy read_with_permission on %I for select using ((select actor_may(''audit'')))', name);
    execute format('grant select on %I to commandcenter_app', name);
  end loop;
  -- The functions below run as the owner, which FORCE holds to policies like everybody else.
  foreach name in array array['audit_waiting','audit_chain','audit_checkpoint'] loop
    execute format('create policy owner_seals on %I for all to commandcenter_owner using (true) with check (true)', name);
  end loop;
end $$;
create policy owner_seals on audit_event for select to commandcenter_owner using (true);
create policy note_as_oneself on audit_event for insert
  with check ((select actor_is_present()) and actor = (select current_setting('commandcenter.actor', true)));
-- Number and moment are not the application's to choose: nothing can be slipped in with an old moment through its role.
grant insert (actor, door, act, subject_table, subject_key, reason, detail, address) on audit_event to commandcenter_app;
grant usage on sequence audit_event_id to commandcenter_app;

-- What is not sealed yet is known exactly, however late a transaction commits; numbers alone would not tell, nor would
-- transaction ids, which a restore begins anew. An insert of its own a look: nothing to queue on.
create function audit_note_waiting() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into audit_waiting values (new.id, new.at);
  return null;
end $$;
create trigger waits_for_its_seal after insert on audit_event for each row execute function audit_note_waiting();

-- One partition closed to all doors but its parent's: no grant, no policy, and its own refusal of truncate, which is not inherited.
create function audit_close_month(month regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', month);
  execute format('alter table %s force row level security', month);
  execute format('create trigger stays_whole before truncate on %s for each statement execute function audit_stays()', month);
end $$;
create table audit.event_default partition of audit_event default;
select audit_close_month('audit.event_default');

-- The partitions of this month (UTC) and of those to come; how many were made. A month that already has rows in the default
-- partition stays there.
create function audit_make_months(ahead integer default 2) returns integer language plpgsql security definer
set search_path = public, pg_temp set lock_timeout = '5s' as $$
declare
  this constant timestamp := date_trunc('month', now() at time zone 'UTC');
  low timestamptz;
  high timestamptz;
  name text;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(230006);
  for step in 0 .. least(ahead, 24) loop
    low := (this + make_interval(months => step)) at time zone 'UTC';
    high := (this + make_interval(months => step + 1)) at time zone 'UTC';
    name := format('audit.event_%s', to_char(low at time zone 'UTC', 'YYYYMM'));
    continue when to_regclass(name) is not null or exists (select from audit_event e where e.at >= low and e.at < high);
    execute format('create table %s partition of audit_event for values from (%L) to (%L)', name, low, high);
    perform audit_close_month(name::regclass);
    made := made + 1;
  end loop;
  return made;
end $$;

-- What a link's hash covers: every column, as one JSON array of texts. commandcenter/audit/verify.py writes the same text by itself.
create function audit_text(e audit_event) returns text language sql stable as $$
  select jsonb_build_array(e.id::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor, e.door, e.act,
                           e.subject_table, e.subject_key, e.reason, e.detail::text, e.address::text)::text
$$;

-- Links what waits to the chain, at most `most` events in the order of their numbers: hash = sha256(hash before || text of the event).
-- It runs as the owner, so that the application role needs no right at all to write a link: whatever goes wrong there, the only link
-- it can bring about is the right one. Whoever calls it seals what is there anyway. One at a time; a second caller gets no row.
create function audit_seal(most integer) returns table (sealed bigint, head_seq bigint, head_hash bytea)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  event audit_event;
begin
  if not pg_try_advisory_xact_lock(230005) then return; end if;
  sealed := 0;
  select l.seq, l.hash into head_seq, head_hash
    from (select c.seq, c.hash from audit_chain c union all select p.seq, p.hash from audit_checkpoint p) l order by l.seq desc limit 1;
  head_seq := coalesce(head_seq, 0);
  head_hash := coalesce(head_hash, decode(repeat('00', 32), 'hex'));
  for event in
    select e.* from audit_waiting w join audit_event e on e.id = w.event_id and e.at = w.event_at
    order by w.event_id, w.event_at limit most
  loop
    head_seq := head_seq + 1;
    head_hash := sha256(head_hash || convert_to(audit_text(event), 'UTF8'));
    insert into audit_chain values (head_seq, event.id, event.at, head_hash);
    delete from audit_waiting w where w.event_id = event.id and w.event_at = event.at;
    sealed := sealed + 1;
  end loop;
  return next;
end $$;

-- Drops the months that ended more than `keep_days` ago (180 at least, 网络安全法 21) with their links, and keeps the checkpoint
-- the rest of the chain starts from; no row when there is nothing to drop or something in it still waits for its seal.
-- An event sealed after the first kept one leaves its link behind: only such links, up to `dropped_to`, may lack their event.
create function audit_forget(keep_days integer) returns setof audit_checkpoint
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '5s' as $$
declare
  cut constant timestamptz := date_trunc('month', (now() - make_interval(days => keep_days)) at time zone 'UTC') at time zone 'UTC';
  first_kept bigint;
  kept audit_checkpoint;
  month text;
begin
  if keep_days is null or keep_days < 180 then
    raise check_violation using message = 'audit events are kept for 180 days at least';
  end if;
  if not actor_may('audit_keep') then
    raise insufficient_privilege using message = 'only the keeper of the audit drops its old months';
  end if;
  if not pg_try_advisory_xact_lock(230005) then return; end if;
  if not exists (select from audit_event e where e.at < cut) or exists (select from audit_waiting w where w.event_at < cut) then return; end if;
  if (select min(at) < cut and max(at) >= cut from audit_event where tableoid = 'audit.event_default'::regclass) then return; end if;
  select max(c.seq) filter (where c.event_at < cut), min(c.seq) filter (where c.event_at >= cut) into kept.dropped_to, first_kept from audit_chain c;
  kept.seq := coalesce(first_kept - 1, kept.dropped_to);
  kept.dropped_to := greatest(kept.dropped_to, kept.seq);
  select l.hash into kept.hash
    from (select c.seq, c.hash from audit_chain c union all select p.seq, p.hash from audit_checkpoint p) l where l.seq = kept.seq limit 1;
  insert into audit_checkpoint (seq, hash, before, dropped_to)
    values (kept.seq, coalesce(kept.hash, decode(repeat('00', 32), 'hex')), cut, kept.dropped_to) returning * into kept;
  delete from audit_chain c where c.seq <= kept.seq;
  for month in
    select format('audit.%I', relname) from pg_class
    where relnamespace = 'audit'::regnamespace and relkind = 'r' and relname ~ '^event_\d{6}$'
      and right(relname, 6) < to_char(cut at time zone 'UTC', 'YYYYMM')
  loop
    execute format('drop table %s', month);
  end loop;
  if exists (select from audit_event e where e.at < cut) then  -- in the default partition, where they are alone
    drop table audit.event_default;
    create table audit.event_default partition of audit_event default;
    perform audit_close_month('audit.event_default');
  end if;
  return next kept;
end $$;

revoke all on function audit_close_month(regclass), audit_note_waiting(), audit_make_months(integer), audit_seal(integer), audit_forget(integer) from public;
grant execute on function audit_make_months(integer), audit_seal(integer), audit_forget(integer) to commandcenter_app;
