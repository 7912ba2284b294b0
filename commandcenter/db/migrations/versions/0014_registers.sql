-- What cases are judged by: code systems with categories and standards, limits of stages, working calendars, departments. All are rows with a
-- source and a time in which they hold; nothing is overwritten, a new version ends the old one.

create table code_system (
  code text primary key,
  title text not null,
  title_en text not null,
  source text not null,
  valid_from date not null,
  valid_to date
);

create table case_category (
  code_system text not null references code_system (code),
  code text not null,
  kind text not null,
  major_code text not null,
  major text not null,
  major_en text,
  minor text not null,
  minor_en text,
  local boolean default false not null,
  valid_from date not null,
  valid_to date,
  source text not null,
  primary key (code_system, kind, code, valid_from),
  constraint kind_is_known check (kind in ('component', 'event', 'grid', 'hotline', 'enforcement'))
);

create table case_standard (
  id bigint generated always as identity primary key,
  code_system text not null references code_system (code),
  kind text not null,
  category_code text not null,
  position integer not null,
  condition text not null,
  condition_en text,
  close_condition text,
  close_condition_en text,
  limit_value numeric,
  limit_unit text,
  area_class text,
  handler text,
  competent text,
  note text,
  source text not null,
  valid_from date not null,
  valid_to date,
  unique (code_system, kind, category_code, position, valid_from),
  constraint kind_is_known check (kind in ('component', 'event', 'grid', 'hotline', 'enforcement')),
  constraint limit_unit_is_known check (limit_unit in ('uh', 'ud', 'wh', 'wd')),
  constraint limit_is_whole check ((limit_value is null) = (limit_unit is null) and limit_value > 0)
);
create index case_standard_category on case_standard (code_system, kind, category_code);

create table stage_limit (
  stage text not null,
  kind text not null,
  limit_value numeric not null,
  limit_unit text not null,
  source text not null,
  valid_from date not null,
  valid_to date,
  primary key (stage, kind, valid_from),
  constraint limit_unit_is_known check (limit_unit in ('uh', 'ud', 'wh', 'wd')),
  constraint limit_is_above_nought check (limit_value > 0)
);

create table work_calendar (
  version text primary key,
  title text not null,
  title_en text not null,
  office_hours text not null,
  source text not null,
  made_at timestamp with time zone default now() not null,
  in_force boolean default false not null
);
create unique index work_calendar_in_force on work_calendar (in_force) where in_force;

create table work_day (
  version text not null references work_calendar (version),
  day date not null,
  is_workday boolean not null,
  name text,
  name_en text,
  primary key (version, day)
);

create table department (
  code text primary key,
  name text not null,
  name_en text not null,
  kind text not null,
  area_code text,
  duty_phone text,
  valid_from date not null,
  valid_to date,
  source text not null,
  constraint kind_is_known check (kind in ('department', 'brigade', 'street', 'community', 'company'))
);

-- Which departments an account handles cases for: a department's cases are handled by its own people alone.
create table department_member (
  account_id bigint not null references account (id),
  department_code text not null references department (code),
  valid_from timestamp with time zone default now() not null,
  valid_to timestamp with time zone,
  made_by text not null,
  primary key (account_id, department_code, valid_from)
);

do $$
declare name text;
begin
  foreach name in array array['code_system', 'case_category', 'case_standard', 'stage_limit', 'work_calendar', 'work_day', 'department'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy read_as_an_actor on %I for select to commandcenter_app, commandcenter_owner using ((select actor_is_present()))', name);
    execute format('create policy write_for_whole_city on %I for all to commandcenter_app, commandcenter_owner
                    using ((select actor_may_write()) and (select actor_sees_whole_city()))
                    with check ((select actor_may_write()) and (select actor_sees_whole_city()))', name);
    execute format('grant select, insert, update on %I to commandcenter_app', name);
  end loop;
end $$;
alter table department_member enable row level security;
alter table department_member force row level security;
create policy by_its_functions on department_member to commandcenter_owner using (true) with check (true);
create policy read_own_or_administer on department_member for select to commandcenter_app
  using (account_id = (select actor_account()) or (select actor_may('accounts')));
grant select on department_member to commandcenter_app;

-- The departments the acting account handles cases for at this moment.
create function actor_departments() returns text[] language sql stable security definer set search_path = public, pg_temp as
$$
  select coalesce(array_agg(department_code order by department_code), '{}') from department_member
  where account_id = actor_account() and valid_from <= now() and (valid_to is null or valid_to > now())
$$;

-- An account begins or ends to handle cases for a department; the system administrator's act, and written down.
create function department_join(of_account bigint, code text, joins boolean) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  if joins then
    if exists (select from department_member m where m.account_id = of_account and m.department_code = code and m.valid_to is null) then return false; end if;
    insert into department_member (account_id, department_code, made_by) values (of_account, code, current_setting('commandcenter.actor'));
  else
    update department_member m set valid_to = now() where m.account_id = of_account and m.department_code = code and m.valid_to is null;
    if not found then return false; end if;
  end if;
  perform note_account('account', of_account, jsonb_build_object('did', case when joins then 'joins department' else 'leaves department' end, 'department', code));
  return true;
end $$;
