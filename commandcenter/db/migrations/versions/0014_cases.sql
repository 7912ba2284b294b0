-- A case and its log. The row of `cases` says how a case stands now; it follows from case_event, to which is only appended. A case that the
-- engine has not touched (version 0) is a source's own and changes with its deliveries; from its first event on it is the engine's.

alter table cases
  add column version integer default 0 not null,
  add column state_since timestamp with time zone,
  add column state_before text,
  add column stage_due_at timestamp with time zone,
  add column standard_id bigint references case_standard (id),
  add column limit_value numeric,
  add column limit_unit text,
  add column calendar text references work_calendar (version),
  add column clock text default 'source' not null,
  add column used_s bigint,
  add column warn_at timestamp with time zone,
  add column outer_due_at timestamp with time zone,
  add column is_late boolean default false not null,
  add column late_exempt boolean default false not null,
  add column holder text references department (code),
  add column worker text,
  add column asks text,
  add column extended integer default 0 not null,
  add column reworked integer default 0 not null,
  add column returned integer default 0 not null,
  add column urged integer default 0 not null,
  add column supervised boolean default false not null,
  add column level text,
  add column merged_into bigint references cases (id),
  add column parent_id bigint references cases (id),
  add column first_seen_at timestamp with time zone,
  add column first_act_at timestamp with time zone,
  add constraint clock_is_known check (clock in ('source', 'early', 'run', 'hold', 'suspended', 'end')),
  add constraint limit_unit_is_known check (limit_unit in ('uh', 'ud', 'wh', 'wd')),
  add constraint level_is_known check (level in ('grid', 'community', 'street', 'district')),
  add constraint not_its_own_parent check (parent_id <> id and merged_into <> id);
create index cases_holder on cases (holder, state) where is_open;
create index cases_worker on cases (worker) where is_open and worker is not null;
create index cases_parent on cases (parent_id) where parent_id is not null;
create index cases_merged on cases (merged_into) where merged_into is not null;

-- The rules of commandcenter/cases/moves.toml, as the database holds to them.
create table case_state (
  code text primary key,
  stage text not null,
  is_open boolean not null,
  clock text not null
);
create table case_move (
  action text primary key,
  sources text[] not null,
  target text not null,
  permission text not null,
  axis text not null,
  kinds text[] not null,
  apart text[] not null,
  needs_reason boolean not null,
  asks text,
  asked text
);

-- One event: who did what to a case, from which state to which, and what of the case changed by it (new and former values of columns).
-- It names nobody but the acting account: what a caller said, and who called, stands in tables that can be emptied.
create table case_event (
  case_id bigint not null references cases (id),
  seq integer not null,
  at timestamp with time zone default now() not null,
  actor text not null,
  action text not null references case_move (action),
  axis text not null,
  from_state text,
  to_state text not null references case_state (code),
  reason text,
  detail jsonb default '{}' not null,
  changes jsonb default '{}' not null,
  former jsonb default '{}' not null,
  primary key (case_id, seq),
  constraint seq_counts_up check (seq > 0),
  constraint actor_is_named check (actor <> '')
);
create index case_event_actor on case_event (actor, at);

-- A report is one case however often it is sent: whoever sends it chooses a key.
create table case_key (
  actor text not null,
  key text not null,
  case_id bigint references cases (id),
  at timestamp with time zone default now() not null,
  primary key (actor, key),
  constraint key_is_short check (char_length(key) between 8 and 80)
);

create table case_number (
  prefix text primary key,
  last integer not null
);

-- What people wrote: comments and descriptions that were corrected. Lawful deletion empties the text; the event keeps its mark.
create table case_note (
  id bigint generated always as identity primary key,
  case_id bigint not null references cases (id),
  seq integer not null,
  kind text not null,
  said text,
  erased_at timestamp with time zone,
  constraint kind_is_known check (kind in ('comment', 'description', 'outcome', 'reply'))
);
create index case_note_case on case_note (case_id);

-- Who reported, if they said: readable through functions alone, masked or for a reason. The mark tells whether two callers are one.
create table case_contact (
  case_id bigint primary key references cases (id),
  name text,
  phone_sealed bytea,
  phone_last4 text,
  phone_mark text,
  wants_reply boolean default false not null,
  erased_at timestamp with time zone
);
create index case_contact_mark on case_contact (phone_mark) where phone_mark is not null;

create function case_log_stays() returns trigger language plpgsql as $$
begin
  raise exception '% is only appended to', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger stays before update or delete on case_event for each row execute function case_log_stays();
create trigger stays_whole before truncate on case_event for each statement execute function case_log_stays();

do $$
declare name text;
begin
  foreach name in array array['case_state', 'case_move', 'case_event', 'case_key', 'case_number', 'case_note', 'case_contact'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy by_its_functions on %I to commandcenter_owner using (true) with check (true)', name);
  end loop;
  foreach name in array array['case_state', 'case_move'] loop
    execute format('create policy read_as_an_actor on %I for select to commandcenter_app using ((select actor_is_present()))', name);
  end loop;
  -- What belongs to a case is seen by whoever sees the case. It is asked for case by case, so a question a row is cheap here: decision 18.
  foreach name in array array['case_event', 'case_note'] loop
    execute format('create policy read_with_its_case on %I for select to commandcenter_app using (exists (select from cases c where c.id = case_id))', name);
  end loop;
end $$;
create policy append_as_oneself on case_event for insert to commandcenter_app
  with check (actor = (select current_setting('commandcenter.actor', true)) and exists (select from cases c where c.id = case_id));
grant select on case_state, case_move, case_event, case_note to commandcenter_app;
grant insert (case_id, seq, actor, action, axis, from_state, to_state, reason, detail, changes) on case_event to commandcenter_app;

-- The engine's functions write cases for people who may not write tables; whether a case is theirs the policy of case_event says.
create policy by_its_functions on cases to commandcenter_owner using (true) with check (true);
create policy notes_of_functions on layer_change for insert to commandcenter_owner with check (true);

-- A delivery does not undo what the engine knows: of a case with events it renews what describes it, never how it stands.
create function case_stays_the_engines() returns trigger language plpgsql as $$
begin
  if old.version > 0 and current_user <> 'commandcenter_owner' then
    new.state := old.state; new.is_open := old.is_open; new.due_at := old.due_at; new.started_at := old.started_at; new.closed_at := old.closed_at;
    new.department := old.department; new.limit_text := old.limit_text; new.version := old.version; new.reported_at := old.reported_at;
    new.category_code := old.category_code; new.category_system := old.category_system; new.kind := old.kind;
    new.major := old.major; new.minor := old.minor; new.major_en := old.major_en; new.minor_en := old.minor_en; new.number := old.number;
  end if;
  return new;
end $$;
create trigger stays_the_engines before update on cases for each row when (old.version > 0) execute function case_stays_the_engines();
