-- Machines that look: a wall's device and a program's key. Each is bound to a place, proposed by one administrator, let in by another,
-- ended at once by either. Of a token only the digest is kept, behind the functions below.

create table token (
  id bigint generated always as identity primary key,
  kind text not null,
  title text not null,
  digest bytea unique,
  code_digest bytea unique,  -- a device is let in with a code that is good once, for some minutes
  code_until timestamp with time zone,
  permissions text[] default '{read}' not null,
  area_code text,
  grid_code text,
  centre text,
  networks cidr[] default '{}' not null,  -- from where it is taken; none named: from everywhere
  state text default 'pending' not null,
  ends_at timestamp with time zone,
  used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  created_by text not null,
  settled_at timestamp with time zone,
  settled_by text,
  constraint kind_is_known check (kind in ('device', 'key')),
  constraint state_is_known check (state in ('pending', 'active', 'revoked')),
  constraint centre_is_known check (centre in ('emergency', 'grid', 'urban')),
  constraint one_place check (area_code is null or grid_code is null),
  -- Machines look. Whatever else one may some day is a line here, not a wish in a form.
  constraint machines_look check (permissions <@ '{read}' and cardinality(permissions) > 0),
  constraint keys_end check (kind = 'device' or (ends_at is not null and ends_at <= created_at + interval '400 days'))
);
alter table token enable row level security;
alter table token force row level security;
create policy by_its_functions on token to commandcenter_owner using (true) with check (true);
create policy read_as_administrator on token for select to commandcenter_app
  using ((select actor_may('accounts')) or (select actor_may('security')));
grant select (id, kind, title, code_until, permissions, area_code, grid_code, centre, networks, state, ends_at, used_at, created_at, created_by,
              settled_at, settled_by) on token to commandcenter_app;

create function note_token(did text, of_token bigint, more jsonb, from_address text default null) returns void
language sql volatile set search_path = public, pg_temp as
$$
  insert into audit_event (actor, door, act, subject_table, subject_key, detail, address)
  values (current_setting('commandcenter.actor'), 'api', did, 'token', of_token::text, more, nullif(from_address, '')::inet)
$$;

-- One place as the policies compare it; an area that is gone is no place at all.
create function place_scope(area_of text, grid_of text, centre_of text)
returns table (whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[])
language sql stable set search_path = public, pg_temp as
$$
  select coalesce(p.level = 'city', false),
    case when p.level = 'district' then array[area_of] else '{}' end,
    case when p.level = 'street' then array[area_of] else '{}' end,
    case when p.level = 'community' then array[area_of] else '{}' end,
    case when p.level = 'grid' then array[grid_of] else '{}' end,
    case when centre_of is not null then
      array(select k.kind || '@' || case p.level when 'city' then '' else coalesce(grid_of, area_of) end from centre_kind k where k.centre = centre_of order by 1) end
  from (select case when grid_of is not null then 'grid' when area_of is null then 'city'
                    else (select level from area where code = area_of and gone_run_id is null order by code_system limit 1) end as level) p
$$;

create function token_propose(of_kind text, new_title text, token_digest bytea, area_of text, grid_of text, centre_of text, from_networks cidr[],
                              until timestamp with time zone)
returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare made bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_place(area_of, grid_of);
  insert into token (kind, title, digest, area_code, grid_code, centre, networks, ends_at, created_by)
  values (of_kind, new_title, token_digest, area_of, grid_of, centre_of, coalesce(from_networks, '{}'), until, current_setting('commandcenter.actor'))
  returning id into made;
  perform note_token('account', made, jsonb_build_object('did', 'proposed', 'kind', of_kind, 'area', area_of, 'grid', grid_of, 'centre', centre_of,
                                                         'networks', from_networks::text, 'until', until));
  return made;
end $$;

-- The security administrator's word on one that waits. Nobody approves what they proposed.
create function token_settle(of_token bigint, approved boolean) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set state = case when approved then 'active' else 'revoked' end, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_token and state = 'pending' and created_by <> current_setting('commandcenter.actor');
  if not found then return false; end if;
  perform note_token('approve', of_token, jsonb_build_object('approved', approved));
  return true;
end $$;

-- Taking away needs no second pair of eyes.
create function token_end(of_token bigint) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
begin
  if not (actor_may('accounts') or actor_may('security')) then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set state = 'revoked', digest = null, code_digest = null, code_until = null, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_token and state <> 'revoked';
  if not found then return false; end if;
  perform note_token('account', of_token, '{"did": "revoked"}');
  return true;
end $$;

-- A code with which an approved device lets itself in, once and soon. The device that was in before stays in until then.
create function token_code(of_token bigint, new_code bytea, lasts interval) returns boolean language plpgsql volatile security definer
set search_path = public, pg_temp as
$$
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set code_digest = new_code, code_until = now() + least(lasts, interval '10 minutes') where id = of_token and kind = 'device' and state = 'active';
  if not found then return false; end if;
  perform note_token('account', of_token, '{"did": "code"}');
  return true;
end $$;

-- A device says its code and is known by a token of its own from now on; its number. A wrong code is on record without its words.
create function token_redeem(said_code bytea, new_digest bytea, from_address text) returns bigint language plpgsql volatile security definer
set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  update token set digest = new_digest, code_digest = null, code_until = null
  where code_digest = said_code and code_until > now() and kind = 'device' and state = 'active' and (ends_at is null or ends_at > now())
    and (networks = '{}' or nullif(from_address, '')::inet <<= any(networks))
  returning id into found_id;
  if found_id is null then
    perform note_token('sign_in_failed', null, '{"kind": "device"}', from_address);
    return null;
  end if;
  perform set_config('commandcenter.actor', 'device:' || found_id, true);  -- from here on it is the device that acts
  perform note_token('sign_in', found_id, '{"kind": "device"}', from_address);
  return found_id;
end $$;

-- Whose token it is, with what it may at this moment; nothing for one that waits, is over, was taken away or comes from elsewhere.
create function token_actor(token_digest bytea, of_kind text, from_address text)
returns table (id bigint, title text, place text, place_en text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[],
               grids text[], case_places text[], left_s double precision)
language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare t token;
begin
  select * into t from token k
  where k.digest = token_digest and k.kind = of_kind and k.state = 'active' and (k.ends_at is null or k.ends_at > now())
    and (k.networks = '{}' or nullif(from_address, '')::inet <<= any(k.networks));
  if not found then return; end if;
  update token k set used_at = now() where k.id = t.id and (k.used_at is null or k.used_at < now() - interval '1 minute');
  return query
    select t.id, t.title, n.name, n.name_en, t.permissions, s.whole_city, s.districts, s.streets, s.communities, s.grids, s.case_places,
           extract(epoch from t.ends_at - now())::double precision
    from place_scope(t.area_code, t.grid_code, t.centre) s
    left join lateral (
      (select g.name, g.name_en from grid g where g.code = t.grid_code and g.gone_run_id is null order by g.id limit 1)
      union all (select a.name, a.name_en from area a where a.code = t.area_code and a.gone_run_id is null order by a.code_system limit 1)) n on true;
end $$;

do $$
declare signature text;
begin
  foreach signature in array array['note_token(text, bigint, jsonb, text)', 'place_scope(text, text, text)'] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_owner', signature);
  end loop;
  foreach signature in array array[
    'token_propose(text, text, bytea, text, text, text, cidr[], timestamp with time zone)', 'token_settle(bigint, boolean)', 'token_end(bigint)',
    'token_code(bigint, bytea, interval)', 'token_redeem(bytea, bytea, text)', 'token_actor(bytea, text, text)'
  ] loop
    execute format('revoke execute on function %s from public', signature);
    execute format('grant execute on function %s to commandcenter_app, commandcenter_owner', signature);
  end loop;
end $$;
