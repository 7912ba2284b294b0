-- The moves, and the one trigger through which a case changes. Codes of refusal, in class CC so that the engine finds its sentence:
-- CC001 the case has moved on since; CC002 who handled it may not verify it; CC003 no such move from here; CC004 not permitted;
-- CC005 a reason is missing; CC006 this was not asked for; CC007 the case is another department's; CC008 a column that no event may set.

insert into case_state (code, stage, is_open, clock) values
  ('reported', 'collect', true, 'early'),
  ('pending_verify', 'establish', true, 'early'),
  ('pending_register', 'establish', true, 'early'),
  ('pending_dispatch', 'dispatch', true, 'early'),
  ('dispatched', 'handle', true, 'run'),
  ('pending_handle', 'handle', true, 'run'),
  ('handling', 'handle', true, 'run'),
  ('handle_finish', 'handle', true, 'run'),
  ('pending_feedback', 'feedback', true, 'hold'),
  ('pending_check', 'check', true, 'hold'),
  ('checking', 'check', true, 'hold'),
  ('check_not_pass', 'feedback', true, 'hold'),
  ('pending_close', 'check', true, 'hold'),
  ('suspended', 'handle', true, 'suspended'),
  ('closed', 'evaluate', false, 'end'),
  ('forced_close', 'evaluate', false, 'end'),
  ('not_accepted', 'evaluate', false, 'end'),
  ('cancelled', 'evaluate', false, 'end'),
  ('merged', 'evaluate', false, 'end'),
  ('clue', 'collect', true, 'early'),
  ('filed', 'handle', true, 'early'),
  ('investigating', 'handle', true, 'early'),
  ('notified', 'handle', true, 'early'),
  ('hearing', 'handle', true, 'early'),
  ('legal_review', 'handle', true, 'early'),
  ('decided', 'handle', true, 'early'),
  ('served', 'handle', true, 'early'),
  ('executing', 'handle', true, 'early'),
  ('archived', 'evaluate', false, 'end'),
  ('no_penalty', 'evaluate', false, 'end'),
  ('transferred', 'evaluate', false, 'end'),
  ('withdrawn', 'evaluate', false, 'end');

insert into case_move (action, sources, target, permission, axis, kinds, apart, needs_reason, asks, asked) values
  ('report', '{}', 'reported', 'case_report', 'supervision', '{component,event,grid,hotline}', '{}', false, null, null),
  ('report_fixed', '{}', 'closed', 'case_work', 'handling', '{component,event,grid,hotline}', '{}', false, null, null),
  ('accept', '{reported}', 'pending_register', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('ask_verify', '{reported,pending_register}', 'pending_verify', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('verify', '{pending_verify}', 'pending_register', 'case_check', 'check', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('amend', '{reported,pending_verify,pending_register,pending_dispatch}', '=', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('reject', '{reported,pending_register}', 'not_accepted', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('merge', '{reported,pending_register,pending_dispatch}', 'merged', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('unmerge', '{merged}', 'reported', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('file', '{pending_register}', 'pending_dispatch', 'case_file', 'supervision', '{component,event,grid,hotline}', '{}', false, null, null),
  ('send_back', '{pending_register}', 'reported', 'case_file', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('cancel', '{reported,pending_verify,pending_register,pending_dispatch}', 'cancelled', 'case_file', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('dispatch', '{pending_dispatch}', 'dispatched', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('return_to_acceptor', '{pending_dispatch}', 'pending_register', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('acknowledge', '{dispatched}', 'pending_handle', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('return_to_dispatcher', '{dispatched,pending_handle}', 'pending_dispatch', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('assign', '{pending_handle}', 'handling', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('revoke', '{handling}', 'pending_handle', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('give_back', '{handling}', 'pending_handle', 'case_work', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('submit', '{handling}', 'handle_finish', 'case_work', 'handling', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('redo', '{handle_finish}', 'handling', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('confirm', '{handle_finish}', 'pending_feedback', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('rework', '{pending_feedback,check_not_pass}', 'dispatched', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('pass_on', '{pending_feedback}', 'pending_check', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('ask_check', '{pending_check}', 'checking', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('check_pass', '{checking}', 'pending_close', 'case_check', 'check', '{component,event,grid,hotline,enforcement}', '{handling,command}', false, null, null),
  ('check_fail', '{checking}', 'check_not_pass', 'case_check', 'check', '{component,event,grid,hotline,enforcement}', '{handling,command}', true, null, null),
  ('recheck', '{pending_close}', 'pending_check', 'case_file', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('close', '{pending_close}', 'closed', 'case_file', 'supervision', '{component,event,grid,hotline,enforcement}', '{handling,command}', false, null, null),
  ('force_close', '{pending_dispatch,dispatched,pending_handle,handling,handle_finish,pending_feedback,pending_check,checking,check_not_pass,pending_close,suspended}', 'forced_close', 'case_file', 'supervision', '{component,event,grid,hotline}', '{handling,command}', true, null, null),
  ('follow_up', '{closed,forced_close,not_accepted}', '=', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('reopen', '{closed,forced_close}', 'pending_dispatch', 'case_file', 'supervision', '{component,event,grid,hotline}', '{}', true, null, null),
  ('suspend', '{pending_dispatch}', 'suspended', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('ask_suspension', '{dispatched,pending_handle,handling}', '=', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, 'suspension', null),
  ('grant_suspension', '{dispatched,pending_handle,handling}', 'suspended', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, null, 'suspension'),
  ('refuse_suspension', '{dispatched,pending_handle,handling}', '=', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, 'suspension'),
  ('resume', '{suspended}', '<', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('ask_extension', '{dispatched,pending_handle,handling}', '=', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, 'extension', null),
  ('grant_extension', '{dispatched,pending_handle,handling,handle_finish}', '=', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, null, 'extension'),
  ('refuse_extension', '{dispatched,pending_handle,handling,handle_finish}', '=', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, 'extension'),
  ('appeal', '{closed,forced_close}', '=', 'case_handle', 'handling', '{component,event,grid,hotline,enforcement}', '{}', true, 'appeal', null),
  ('appeal_support', '{closed,forced_close}', '=', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', false, 'appeal_supported', 'appeal'),
  ('appeal_refuse', '{closed,forced_close}', '=', 'case_dispatch', 'command', '{component,event,grid,hotline,enforcement}', '{}', true, null, 'appeal'),
  ('appeal_grant', '{closed,forced_close}', '=', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, 'appeal_supported'),
  ('appeal_deny', '{closed,forced_close}', '=', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', true, null, 'appeal_supported'),
  ('urge', '{pending_dispatch,dispatched,pending_handle,handling,handle_finish,pending_feedback,pending_check,checking,check_not_pass}', '=', 'case_urge', 'all', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('supervise', '{reported,pending_register,pending_dispatch,dispatched,pending_handle,handling,handle_finish,pending_feedback,pending_check,checking,check_not_pass,pending_close,suspended}', '=', 'case_supervise', 'all', '{component,event,grid,hotline,enforcement}', '{}', true, null, null),
  ('comment', '{"*"}', '=', 'case_note', 'all', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('add_photo', '{"*"}', '=', 'case_note', 'all', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('link_parent', '{"*"}', '=', 'case_accept', 'supervision', '{component,event,grid,hotline,enforcement}', '{}', false, null, null),
  ('pass_up', '{reported}', '=', 'case_level', 'handling', '{grid}', '{}', true, null, null),
  ('pass_down', '{reported}', '=', 'case_level', 'handling', '{grid}', '{}', true, null, null),
  ('take', '{reported}', 'handling', 'case_level', 'handling', '{grid}', '{}', false, null, null),
  ('close_at_level', '{handle_finish}', 'closed', 'case_level', 'check', '{grid}', '{handling}', false, null, null),
  ('open_clue', '{}', 'clue', 'case_report', 'law', '{enforcement}', '{}', false, null, null),
  ('file_enforcement', '{clue}', 'filed', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('decline_clue', '{clue}', 'not_accepted', 'case_enforce', 'law', '{enforcement}', '{}', true, null, null),
  ('decide_on_spot', '{clue}', 'decided', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('investigate', '{filed}', 'investigating', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('notify', '{investigating}', 'notified', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('hear', '{notified}', 'hearing', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('to_legal_review', '{notified,hearing}', 'legal_review', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('legal_back', '{legal_review}', 'investigating', 'case_law', 'check', '{enforcement}', '{law}', true, null, null),
  ('legal_pass', '{legal_review}', '=', 'case_law', 'check', '{enforcement}', '{law}', false, 'reviewed', null),
  ('decide', '{legal_review}', 'decided', 'case_decide', 'check', '{enforcement}', '{law}', false, null, 'reviewed'),
  ('serve', '{decided}', 'served', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('execute', '{served}', 'executing', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('archive', '{served,executing}', 'archived', 'case_decide', 'check', '{enforcement}', '{law}', false, null, null),
  ('no_penalty', '{investigating,notified,hearing,legal_review}', 'no_penalty', 'case_decide', 'check', '{enforcement}', '{law}', true, null, null),
  ('transfer', '{clue,filed,investigating}', 'transferred', 'case_enforce', 'law', '{enforcement}', '{}', true, null, null),
  ('withdraw', '{filed,investigating,notified,hearing}', 'withdrawn', 'case_decide', 'check', '{enforcement}', '{law}', true, null, null),
  ('order_correction', '{clue,filed,investigating,notified}', '=', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('record_document', '{clue,filed,investigating,notified,hearing,legal_review,decided,served,executing}', '=', 'case_enforce', 'law', '{enforcement}', '{}', false, null, null),
  ('extend_period', '{filed,investigating,notified,hearing,legal_review}', '=', 'case_decide', 'check', '{enforcement}', '{law}', true, null, null);

-- Columns that an event may change; how a case stands (state, version, ...) follows from the event itself.
create function case_columns_of_events() returns text[] language sql immutable parallel safe as
$$ select array['standard_id', 'limit_value', 'limit_unit', 'limit_text', 'calendar', 'used_s', 'started_at', 'due_at', 'warn_at', 'stage_due_at', 'outer_due_at',
  'is_late', 'late_exempt', 'holder', 'department', 'worker', 'merged_into', 'parent_id', 'level', 'category_code', 'category_system', 'major', 'major_en',
  'minor', 'minor_en', 'address', 'component_code', 'first_seen_at', 'first_act_at'] $$;

-- An open case is found by its number; a closed one is not looked for.
create function case_findable(of_case bigint) returns void language sql volatile set search_path = public, pg_temp as
$$
  insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, kind, lon, lat)
  select 'cases', id, minor, minor_en, address, number, 6, district_code, street_code, community_code, grid_code, kind, ST_X(geom), ST_Y(geom)
  from cases where id = of_case on conflict (layer, ref_id) do nothing;
  insert into search_gram (gram, public, rank, doc_id)
  select distinct gram, d.public, d.rank, d.id from search_doc d, lateral bigrams(d.needle) gram where d.layer = 'cases' and d.ref_id = of_case on conflict do nothing
$$;
create function case_unfindable(of_case bigint) returns void language sql volatile set search_path = public, pg_temp as
$$
  delete from search_gram g using search_doc d where g.doc_id = d.id and d.layer = 'cases' and d.ref_id = of_case;
  delete from search_doc d where d.layer = 'cases' and d.ref_id = of_case
$$;

-- What an event makes of its case. Everything is asked here once more, whatever the engine asked before: by nobody's mistake does a case skip a
-- rule. The case is locked from the first word on, so two events of one case follow each other.
create function case_event_takes_effect() returns trigger language plpgsql security definer set search_path = public, pg_temp as
$$
declare
  held cases;
  rule case_move;
  goal case_state;
  fresh cases;
  named text;
begin
  select * into held from cases c where c.id = new.case_id for update;
  if not found then raise exception 'no such case' using errcode = 'CC003'; end if;
  if new.seq <> held.version + 1 then
    raise exception 'the case has moved on' using errcode = 'CC001', detail = held.version::text;
  end if;
  select * into rule from case_move m where m.action = new.action;
  if not found or not held.kind = any(rule.kinds)
     or (cardinality(rule.sources) = 0) <> (held.version = 0 and held.state = '')
     or (cardinality(rule.sources) > 0 and not (held.state = any(rule.sources) or '*' = any(rule.sources))) then
    raise exception 'no such move' using errcode = 'CC003', detail = held.state;
  end if;
  if not actor_may(rule.permission) then raise exception 'not permitted' using errcode = 'CC004', detail = rule.permission; end if;
  if rule.needs_reason and char_length(regexp_replace(coalesce(new.reason, ''), '\s', '', 'g')) < 2 then
    raise exception 'a reason is missing' using errcode = 'CC005';
  end if;
  if rule.asked is not null and held.asks is distinct from rule.asked then
    raise exception 'this was not asked for' using errcode = 'CC006', detail = rule.asked;
  end if;
  -- Supervision and command are apart: whoever acted on one of these axes before does not do this now.
  if cardinality(rule.apart) > 0 and exists (
       select from case_event e where e.case_id = held.id and e.actor = new.actor and e.axis = any(rule.apart)) then
    raise exception 'who handled a case may not verify it' using errcode = 'CC002';
  end if;
  -- A department's case is handled by the department's own people, a worker's by that worker.
  if rule.permission = 'case_handle' and held.holder is not null and not held.holder = any(actor_departments()) then
    raise exception 'another department''s case' using errcode = 'CC007', detail = held.holder;
  end if;
  if rule.permission = 'case_work' and held.worker is not null and held.worker <> new.actor then
    raise exception 'somebody else''s task' using errcode = 'CC007', detail = held.worker;
  end if;
  new.from_state := nullif(held.state, '');
  new.to_state := case rule.target when '=' then held.state when '<' then coalesce(held.state_before, held.state) else rule.target end;
  new.axis := rule.axis;
  new.at := clock_timestamp();
  select jsonb_object_keys into named from jsonb_object_keys(new.changes) where jsonb_object_keys <> all(case_columns_of_events()) limit 1;
  if named is not null then raise exception 'a column no event may set' using errcode = 'CC008', detail = named; end if;
  select coalesce(jsonb_object_agg(key, to_jsonb(held) -> key), '{}') into new.former from jsonb_object_keys(new.changes) key;
  select * into goal from case_state s where s.code = new.to_state;
  fresh := jsonb_populate_record(held, new.changes);
  fresh.version := new.seq;
  fresh.state_since := case when held.state = new.to_state then coalesce(held.state_since, new.at) else new.at end;
  fresh.state := new.to_state;
  fresh.is_open := goal.is_open;
  fresh.clock := goal.clock;
  fresh.closed_at := case when goal.is_open then null when held.is_open or held.closed_at is null then new.at else held.closed_at end;
  fresh.state_before := case when new.to_state = 'suspended' then held.state when held.state = 'suspended' then null else held.state_before end;
  fresh.asks := case when rule.asks is not null then rule.asks when rule.asked is not null or held.state <> new.to_state then null else held.asks end;
  fresh.extended := held.extended + (new.action = 'grant_extension')::int;
  fresh.reworked := held.reworked + (new.action in ('rework', 'redo'))::int;
  fresh.returned := held.returned + (new.action in ('return_to_acceptor', 'return_to_dispatcher', 'send_back', 'give_back'))::int;
  fresh.urged := held.urged + (new.action = 'urge')::int;
  fresh.supervised := held.supervised or new.action = 'supervise';
  update cases c set
    version = fresh.version, state = fresh.state, is_open = fresh.is_open, state_since = fresh.state_since, state_before = fresh.state_before, clock = fresh.clock,
    closed_at = fresh.closed_at, asks = fresh.asks, extended = fresh.extended, reworked = fresh.reworked, returned = fresh.returned, urged = fresh.urged,
    supervised = fresh.supervised, standard_id = fresh.standard_id, limit_value = fresh.limit_value, limit_unit = fresh.limit_unit, limit_text = fresh.limit_text,
    calendar = fresh.calendar, used_s = fresh.used_s, started_at = fresh.started_at, due_at = fresh.due_at, warn_at = fresh.warn_at,
    stage_due_at = fresh.stage_due_at, outer_due_at = fresh.outer_due_at, is_late = fresh.is_late, late_exempt = fresh.late_exempt, holder = fresh.holder,
    department = fresh.department, worker = fresh.worker, merged_into = fresh.merged_into, parent_id = fresh.parent_id, level = fresh.level,
    category_code = fresh.category_code, category_system = fresh.category_system, major = fresh.major, major_en = fresh.major_en, minor = fresh.minor,
    minor_en = fresh.minor_en, address = fresh.address, component_code = fresh.component_code, first_seen_at = fresh.first_seen_at, first_act_at = fresh.first_act_at
  where c.id = held.id;
  if not goal.is_open then perform case_unfindable(held.id);
  elsif not held.is_open then perform case_findable(held.id);
  end if;
  insert into audit_event (actor, door, act, subject_table, subject_key, reason, detail)
  values (new.actor, coalesce(new.detail ->> 'door', 'desk'), 'change', 'cases', held.id::text, new.reason,
          jsonb_build_object('action', new.action, 'seq', new.seq, 'state', new.to_state, 'changed', (select coalesce(jsonb_agg(k), '[]') from jsonb_object_keys(new.changes) k)));
  return new;
end $$;
create trigger takes_effect before insert on case_event for each row execute function case_event_takes_effect();
revoke execute on function case_event_takes_effect() from public;
revoke execute on function case_findable(bigint), case_unfindable(bigint) from public;
grant execute on function case_findable(bigint), case_unfindable(bigint) to commandcenter_owner;
