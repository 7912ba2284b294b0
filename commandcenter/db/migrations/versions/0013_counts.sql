-- What the wall counts is counted from indexes alone: an index that lacks a column of the policy sends every row to its page, which took
-- two to twenty times as long as counting without policies.

drop index cases_open_due;
create index cases_open_due on cases (due_at) include (kind, started_at, district_code, street_code, community_code, grid_code, gone_run_id) where is_open;
drop index cases_reported;
create index cases_reported on cases (reported_at) include (kind, district_code, street_code, community_code, grid_code, gone_run_id);
create index cases_closed on cases (closed_at) include (due_at, kind, district_code, street_code, community_code, grid_code, gone_run_id)
  where closed_at is not null;
create index camera_status on camera (status) include (district_code, street_code, community_code, grid_code, gone_run_id);
create index component_state on component (state) include (district_code, street_code, community_code, grid_code, gone_run_id);
create index household_count_resident on household_count (resident) include (district_code, street_code, community_code, grid_code, gone_run_id);
create index grid_of_plan on grid (plan_id, kind, households) include (district_code, street_code, community_code, code, gone_run_id);

-- A policy for everything is asked at reading too, beside the one for reading, and says the same once more.
do $$
declare
  held record;
  what text;
begin
  for held in
    select c.relname as name, pg_get_expr(p.polqual, p.polrelid) as rule, pg_get_expr(p.polwithcheck, p.polrelid) as checked
    from pg_policy p join pg_class c on c.oid = p.polrelid where p.polname = 'write_in_jurisdiction' and p.polcmd = '*'
  loop
    execute format('drop policy write_in_jurisdiction on %I', held.name);
    execute format('create policy insert_in_jurisdiction on %I for insert to commandcenter_app, commandcenter_owner with check (%s)', held.name, held.checked);
    execute format('create policy update_in_jurisdiction on %I for update to commandcenter_app, commandcenter_owner using (%s) with check (%s)',
                   held.name, held.rule, held.checked);
    execute format('create policy delete_in_jurisdiction on %I for delete to commandcenter_app, commandcenter_owner using (%s)', held.name, held.rule);
  end loop;
end $$;
