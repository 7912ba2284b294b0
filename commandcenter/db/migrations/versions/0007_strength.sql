-- What accounts lacked: see 0007_strength.py.

-- A city always has somebody to propose accounts, to let them in, and to read the audit: the last of each stays.
create function need_not_last(of_account bigint) returns void language plpgsql stable set search_path = public, pg_temp as
$$
begin
  if exists (
    with held as (
      select distinct a.id, said from account a join appointment p on p.account_id = a.id join role r on r.code = p.role_code, unnest(r.permissions) said
      where a.state = 'active' and p.valid_from <= now() and (p.valid_to is null or p.valid_to > now()) and said in ('accounts', 'security', 'audit'))
    select from held h where h.id = of_account and not exists (select from held o where o.said = h.said and o.id <> h.id)
  ) then
    raise exception 'the last administrator of a kind' using errcode = 'object_in_use';
  end if;
end $$;
revoke execute on function need_not_last(bigint) from public;
grant execute on function need_not_last(bigint) to commandcenter_owner;

create or replace function account_reset(of_name text, hash text) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as
$$
declare found_id bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_not_last((select id from account where name = of_name));
  update account set password_hash = hash, password_at = now(), must_change = true, failed = 0, locked_until = null, state = 'pending',
    settled_at = null, settled_by = null where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
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
