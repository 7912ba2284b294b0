CREATE SCHEMA audit;
ALTER SCHEMA audit OWNER TO commandcenter_owner;
CREATE SCHEMA jobs;
ALTER SCHEMA jobs OWNER TO commandcenter_owner;
CREATE TYPE jobs.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
ALTER TYPE jobs.procrastinate_job_event_type OWNER TO commandcenter_owner;
CREATE TYPE jobs.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
ALTER TYPE jobs.procrastinate_job_status OWNER TO commandcenter_owner;
CREATE TYPE jobs.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
ALTER TYPE jobs.procrastinate_job_to_defer_v1 OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;
    RETURN job_ids;
END;
$$;
ALTER FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;
    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;
    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;
    RETURN _job_id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) OWNER TO commandcenter_owner;
CREATE TABLE jobs.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status jobs.procrastinate_job_status DEFAULT 'todo'::jobs.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::jobs.procrastinate_job_status) AND (abort_requested = true))))
);
ALTER TABLE jobs.procrastinate_jobs OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS jobs.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;
 RETURN found_jobs;
END;
$$;
ALTER FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
ALTER FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_register_worker_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
ALTER FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;
END;
$$;
ALTER FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);
	RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
ALTER FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
ALTER FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
ALTER FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_actor(of_account bigint) RETURNS TABLE(account_id bigint, title text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.account_actor(of_account bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_as_appointed(of_account bigint) RETURNS TABLE(account_id bigint, title text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.account_as_appointed(of_account bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_disable(of_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.account_disable(of_name text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, grid_of text, until timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, grid_of text, until timestamp with time zone) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_reset(of_name text, hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare found_id bigint;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform need_not_last((select id from account where name = of_name));
  update account set password_hash = case when not by_identity then hash end, password_at = now(), must_change = not by_identity,
    failed = 0, factor_failed = 0, locked_until = null, state = 'pending',
    totp_sealed = null, totp_waits = null, totp_at = null, settled_at = null, settled_by = null where name = of_name returning id into found_id;
  if found_id is null then return false; end if;
  delete from recovery_code where account_id = found_id;
  update sign_in set ended_at = now() where account_id = found_id and ended_at is null;
  perform note_account('account', found_id, '{"did": "reset"}');
  return true;
end $$;
ALTER FUNCTION public.account_reset(of_name text, hash text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.account_settle(of_account bigint, approved boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update account set state = case when approved then 'active' else 'disabled' end, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_account and state = 'pending' and created_by <> current_setting('commandcenter.actor') and id is distinct from actor_account();
  if not found then return false; end if;
  perform note_account('approve', of_account, jsonb_build_object('approved', approved));
  return true;
end $$;
ALTER FUNCTION public.account_settle(of_account bigint, approved boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_account() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $_$ select substring(current_setting('commandcenter.actor', true) from '^account:(\d{1,18})$')::bigint $_$;
ALTER FUNCTION public.actor_account() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_case_places() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select nullif(current_setting('commandcenter.case_places', true), '')::text[] $$;
ALTER FUNCTION public.actor_case_places() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_communities() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(nullif(current_setting('commandcenter.communities', true), ''), '{}')::text[] $$;
ALTER FUNCTION public.actor_communities() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_departments() RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select coalesce(array_agg(department_code order by department_code), '{}') from department_member
  where account_id = actor_account() and valid_from <= now() and (valid_to is null or valid_to > now())
$$;
ALTER FUNCTION public.actor_departments() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_districts() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(nullif(current_setting('commandcenter.districts', true), ''), '{}')::text[] $$;
ALTER FUNCTION public.actor_districts() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_grids() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(nullif(current_setting('commandcenter.grids', true), ''), '{}')::text[] $$;
ALTER FUNCTION public.actor_grids() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_is_present() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(current_setting('commandcenter.actor', true), '') <> '' $$;
ALTER FUNCTION public.actor_is_present() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_may(permission text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(current_setting('commandcenter.actor', true), '') <> ''
      and permission = any(coalesce(nullif(current_setting('commandcenter.permissions', true), ''), '{}')::text[]) $$;
ALTER FUNCTION public.actor_may(permission text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_may_write() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(current_setting('commandcenter.may_write', true), '') = 'on' and coalesce(current_setting('commandcenter.actor', true), '') <> ''
      and not actor_may('glass_broken') $$;
ALTER FUNCTION public.actor_may_write() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_sees_gone() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(current_setting('commandcenter.with_gone', true), '') = 'on' $$;
ALTER FUNCTION public.actor_sees_gone() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_sees_whole_city() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(current_setting('commandcenter.whole_city', true), '') = 'on' $$;
ALTER FUNCTION public.actor_sees_whole_city() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_streets() RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select coalesce(nullif(current_setting('commandcenter.streets', true), ''), '{}')::text[] $$;
ALTER FUNCTION public.actor_streets() OWNER TO commandcenter_owner;
CREATE FUNCTION public.actor_title(of_actor text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
  select title from account
  where id = substring(of_actor from '^account:(\d{1,18})$')::bigint and (id = actor_account() or actor_may('steward') or actor_may('case_note'))
$_$;
ALTER FUNCTION public.actor_title(of_actor text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.analyze_loaded_tables() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare name text;
begin
  for name in select tablename from pg_tables where schemaname = 'public' and tableowner = current_user loop
    execute format('analyze %I', name);
  end loop;
end $$;
ALTER FUNCTION public.analyze_loaded_tables() OWNER TO commandcenter_owner;
CREATE FUNCTION public.any_account() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select exists (select from account) $$;
ALTER FUNCTION public.any_account() OWNER TO commandcenter_owner;
CREATE FUNCTION public.appointment_end(of_appointment bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.appointment_end(of_appointment bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.appointment_map(of_account bigint, role_of text, centre_of text, area_of text, grid_of text, opens boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  me constant text := current_setting('commandcenter.actor');
  opened boolean := opens and not exists (select from role where code = role_of and permissions && array['accounts', 'security', 'audit']);
  before record;
  made bigint;
begin
  for before in
    select state, settled_by, valid_to is null or valid_to > now() as lasts from appointment
    where account_id = of_account and mapped and role_code = role_of and centre is not distinct from centre_of
      and area_code is not distinct from area_of and grid_code is not distinct from grid_of
  loop
    if before.state = 'refused' then
      if before.settled_by is distinct from me then return; end if;
    elsif before.lasts then
      return;
    elsif before.settled_by is distinct from me then
      opened := false;
    end if;
  end loop;
  insert into appointment (account_id, role_code, centre, area_code, grid_code, state, mapped, created_by)
  values (of_account, role_of, centre_of, area_of, grid_of, case when opened then 'active' else 'pending' end, true, me) returning id into made;
  perform note_account('account', of_account, jsonb_build_object('did', 'appointment', 'by', 'provider', 'appointment', made, 'role', role_of,
    'centre', centre_of, 'area', area_of, 'grid', grid_of, 'waits', not opened));
end $$;
ALTER FUNCTION public.appointment_map(of_account bigint, role_of text, centre_of text, area_of text, grid_of text, opens boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.appointment_propose(of_name text, role_of text, centre_of text, area_of text, grid_of text, since timestamp with time zone, until timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.appointment_propose(of_name text, role_of text, centre_of text, area_of text, grid_of text, since timestamp with time zone, until timestamp with time zone) OWNER TO commandcenter_owner;
CREATE FUNCTION public.appointment_settle(of_appointment bigint, approved boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.appointment_settle(of_appointment bigint, approved boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.appointments_unmap(of_account bigint, wanted jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare held record;
begin
  for held in
    select p.id, p.state from appointment p
    where p.account_id = of_account and p.mapped and p.state <> 'refused' and (p.valid_to is null or p.valid_to > now())
      and not exists (
        select from jsonb_to_recordset(wanted) as w(role text, centre text, area text, grid text)
        where w.role = p.role_code and w.centre is not distinct from p.centre and w.area is not distinct from p.area_code
          and w.grid is not distinct from p.grid_code)
  loop
    begin
      perform need_not_last(of_account, held.id);
    exception when object_in_use then
      perform note_account('account', of_account, jsonb_build_object('did', 'kept as the last of a kind', 'by', 'provider', 'appointment', held.id));
      continue;
    end;
    update appointment
    set state = case held.state when 'pending' then 'refused' else held.state end,
        valid_to = case held.state when 'pending' then valid_to else greatest(now(), valid_from) end,
        settled_at = now(), settled_by = current_setting('commandcenter.actor')
    where id = held.id;
    perform note_account('account', of_account, jsonb_build_object('did', 'appointment ended', 'by', 'provider', 'appointment', held.id));
  end loop;
end $$;
ALTER FUNCTION public.appointments_unmap(of_account bigint, wanted jsonb) OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_close_month(month regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  execute format('alter table %s enable row level security', month);
  execute format('alter table %s force row level security', month);
  execute format('create trigger stays_whole before truncate on %s for each statement execute function audit_stays()', month);
end $$;
ALTER FUNCTION public.audit_close_month(month regclass) OWNER TO commandcenter_owner;
CREATE TABLE public.audit_checkpoint (
    id bigint NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    before timestamp with time zone NOT NULL,
    dropped_to bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY public.audit_checkpoint FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_checkpoint OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_forget(keep_days integer) RETURNS SETOF public.audit_checkpoint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $_$
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
end $_$;
ALTER FUNCTION public.audit_forget(keep_days integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_link_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.seq <= (select max(seq) from audit_checkpoint) then return old; end if;
  raise insufficient_privilege using message = format('link %s of the audit chain lies after the last checkpoint', old.seq);
end $$;
ALTER FUNCTION public.audit_link_stays() OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_make_months(ahead integer DEFAULT 2) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
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
ALTER FUNCTION public.audit_make_months(ahead integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_note_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  insert into audit_waiting values (new.id, new.at);
  return null;
end $$;
ALTER FUNCTION public.audit_note_waiting() OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_seal(most integer) RETURNS TABLE(sealed bigint, head_seq bigint, head_hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.audit_seal(most integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise insufficient_privilege using message = format('the audit is only appended to: no %s on %s', lower(tg_op), tg_table_name);
end $$;
ALTER FUNCTION public.audit_stays() OWNER TO commandcenter_owner;
CREATE TABLE public.audit_event (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    door text NOT NULL,
    act text NOT NULL,
    subject_table text,
    subject_key text,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    address inet,
    CONSTRAINT act_is_a_word CHECK ((act ~ '^[a-z][a-z_]{1,39}$'::text)),
    CONSTRAINT door_is_known CHECK ((door = ANY (ARRAY['wall'::text, 'desk'::text, 'cli'::text, 'worker'::text, 'api'::text])))
)
PARTITION BY RANGE (at);
ALTER TABLE ONLY public.audit_event FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_event OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_text(e public.audit_event) RETURNS text
    LANGUAGE sql STABLE
    AS $$
  select jsonb_build_array(e.id::text, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.actor, e.door, e.act,
                           e.subject_table, e.subject_key, e.reason, e.detail::text, e.address::text)::text
$$;
ALTER FUNCTION public.audit_text(e public.audit_event) OWNER TO commandcenter_owner;
CREATE FUNCTION public.audit_waits_until_sealed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from audit_chain c where c.event_id = old.event_id and c.event_at = old.event_at) then return old; end if;
  raise insufficient_privilege using message = format('audit event %s waits until it is sealed', old.event_id);
end $$;
ALTER FUNCTION public.audit_waits_until_sealed() OWNER TO commandcenter_owner;
CREATE FUNCTION public.bigrams(phrase text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select distinct substr(squeezed, at, 2)
  from (select lower(regexp_replace(phrase, '\s+', '', 'g')) as squeezed) s, generate_series(1, length(squeezed) - 1) at
$$;
ALTER FUNCTION public.bigrams(phrase text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.break_glass_begin(said_reason text, minutes integer, from_address text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.break_glass_begin(said_reason text, minutes integer, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.break_glass_end(of_glass bigint DEFAULT NULL::bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.break_glass_end(of_glass bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.break_glass_report(most integer) RETURNS TABLE(id bigint, name text, title text, begun_at timestamp with time zone, ends_at timestamp with time zone, ended_at timestamp with time zone, ended_by text, running boolean, reason text, acts jsonb, seen_at timestamp with time zone, seen_by text, own boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.break_glass_report(most integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.break_glass_running(of_account bigint) RETURNS TABLE(id bigint, ends_at timestamp with time zone, until text, left_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select b.id, b.ends_at, to_char(b.ends_at at time zone coalesce((select time_zone from city limit 1), 'UTC'), 'HH24:MI'),
         extract(epoch from b.ends_at - now())::double precision
  from break_glass b where b.account_id = of_account and b.ended_at is null and b.ends_at > now()
$$;
ALTER FUNCTION public.break_glass_running(of_account bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.break_glass_see(of_glass bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update break_glass b set seen_at = now(), seen_by = current_setting('commandcenter.actor')
  where b.id = of_glass and b.seen_at is null and b.account_id is distinct from actor_account();
  if not found then return false; end if;
  perform note_break_glass(of_glass, '{"did": "seen"}');
  return true;
end $$;
ALTER FUNCTION public.break_glass_see(of_glass bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.camera_sector(at public.geometry, azimuth_deg double precision, hfov_deg double precision, reach_m double precision) RETURNS public.geometry
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select case
    when azimuth_deg is null or hfov_deg is null or reach_m is null or reach_m <= 0 then null
    when hfov_deg >= 359 then ST_Transform(ST_Buffer(at::geography, reach_m, 16)::geometry, 3857)
    else ST_Transform((
      select ST_MakePolygon(ST_MakeLine(array[at]
        || array_agg(ST_Project(at::geography, reach_m, radians(azimuth_deg - hfov_deg / 2 + hfov_deg * step / 12.0))::geometry order by step)
        || array[at]))
      from generate_series(0, 12) step), 3857)
  end $$;
ALTER FUNCTION public.camera_sector(at public.geometry, azimuth_deg double precision, hfov_deg double precision, reach_m double precision) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_columns_of_events() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select array['standard_id', 'limit_value', 'limit_unit', 'limit_text', 'calendar', 'used_s', 'started_at', 'due_at', 'warn_at', 'stage_due_at', 'outer_due_at',
  'is_late', 'late_exempt', 'holder', 'department', 'worker', 'merged_into', 'parent_id', 'level', 'category_code', 'category_system', 'major', 'major_en',
  'minor', 'minor_en', 'address', 'component_code', 'first_seen_at', 'first_act_at'] $$;
ALTER FUNCTION public.case_columns_of_events() OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_contact_look(of_case bigint, by_door text) RETURNS TABLE(name text, phone text, wants_reply boolean, erased boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('case_note') then return; end if;
  perform note_people('look', by_door, 'case_contact', of_case::text, null, '{}', null);
  return query select masked_name(k.name), case when k.phone_last4 is not null then '*******' || k.phone_last4 end, k.wants_reply, k.erased_at is not null
    from case_contact k where k.case_id = of_case;
end $$;
ALTER FUNCTION public.case_contact_look(of_case bigint, by_door text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_event_takes_effect() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.case_event_takes_effect() OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_findable(of_case bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, kind, lon, lat)
  select 'cases', id, minor, minor_en, address, number, 6, district_code, street_code, community_code, grid_code, kind, ST_X(geom), ST_Y(geom)
  from cases where id = of_case on conflict (layer, ref_id) do nothing;
  insert into search_gram (gram, public, rank, doc_id)
  select distinct gram, d.public, d.rank, d.id from search_doc d, lateral bigrams(d.needle) gram where d.layer = 'cases' and d.ref_id = of_case on conflict do nothing
$$;
ALTER FUNCTION public.case_findable(of_case bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_log_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception '% is only appended to', tg_table_name using errcode = 'insufficient_privilege';
end $$;
ALTER FUNCTION public.case_log_stays() OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_note_keep(of_case bigint, of_seq integer, of_kind text, words text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare made bigint;
begin
  if not exists (select from case_event e where e.case_id = of_case and e.seq = of_seq and e.actor = current_setting('commandcenter.actor', true)
                 and e.at > now() - interval '1 minute') then
    raise exception 'not permitted' using errcode = 'CC004';
  end if;
  insert into case_note (case_id, seq, kind, said) values (of_case, of_seq, of_kind, left(words, 4000)) returning id into made;
  return made;
end $$;
ALTER FUNCTION public.case_note_keep(of_case bigint, of_seq integer, of_kind text, words text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_number_next(area text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  day constant text := area || to_char(clock_timestamp() at time zone (select time_zone from city limit 1), 'YYYYMMDD');
  given integer;
  taken integer;
begin
  -- Numbers that a source brought of the same place and day are not given again.
  taken := coalesce((select right(max(c.number), 5)::integer from cases c where c.number between day || '00000' and day || '99999' and char_length(c.number) = 19), 0);
  insert into case_number as n (prefix, last) values (day, taken + 1) on conflict (prefix) do update set last = greatest(n.last, taken) + 1 returning last into given;
  return day || lpad(given::text, 5, '0');
end $$;
ALTER FUNCTION public.case_number_next(area text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_report(said jsonb, said_key text) RETURNS TABLE(id bigint, number text, version integer, state text, known boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  me constant text := current_setting('commandcenter.actor', true);
  at constant geometry := ST_SetSRID(ST_MakePoint((said ->> 'lon')::double precision, (said ->> 'lat')::double precision), 4326);
  did constant text := coalesce(said ->> 'action', 'report');
  placed record;
  what case_category;
  made cases;
  first_source constant text := 'case_desk';
begin
  if coalesce(me, '') = '' or not actor_may((select m.permission from case_move m where m.action = did and m.sources = '{}')) then
    raise exception 'not permitted' using errcode = 'CC004';
  end if;
  insert into case_key (actor, key) values (me, said_key) on conflict do nothing;
  if not found then
    return query select c.id, c.number, c.version, c.state, true from case_key k join cases c on c.id = k.case_id where k.actor = me and k.key = said_key;
    return;
  end if;
  select * into placed from place_of(at);
  if placed.district_code is null and placed.grid_code is null then raise exception 'outside the city' using errcode = 'CC010'; end if;
  select c.* into what from case_category c
  where c.code_system = said ->> 'category_system' and c.code = said ->> 'category_code' and c.kind = said ->> 'kind'
    and c.valid_from <= current_date and (c.valid_to is null or c.valid_to > current_date) order by c.valid_from desc limit 1;
  if not found then raise exception 'unknown category' using errcode = 'CC011'; end if;
  if not exists (select from source s where s.name = first_source) then
    insert into source (name, target, title, title_en, owner, licence, attribution, synthetic, estimated)
    values (first_source, 'cases', '案件登记', 'Cases recorded here', '', '', '', false, false) on conflict do nothing;
  end if;
  insert into cases (number, kind, category_code, category_system, major, major_en, minor, minor_en, description, origin, state, is_open, address, component_code,
                     reported_at, state_since, outer_due_at, first_seen_at, born_grid_code, geom, district_code, street_code, community_code, grid_code,
                     unit_cell_code, source, source_key, level, clock)
  values (case_number_next(coalesce(placed.district_code, (select rpad(left(code, 6), 6, '0') from city limit 1))), what.kind, what.code, what.code_system,
          what.major, what.major_en, what.minor, what.minor_en, said ->> 'description', said ->> 'origin', '', true, said ->> 'address', said ->> 'component_code',
          clock_timestamp(), clock_timestamp(), (said ->> 'outer_due_at')::timestamptz,
          least(coalesce((said ->> 'first_seen_at')::timestamptz, clock_timestamp()), clock_timestamp()), placed.grid_code, at,
          placed.district_code, placed.street_code, placed.community_code, placed.grid_code, placed.unit_cell_code, first_source,
          'report ' || me || ' ' || said_key, case when what.kind = 'grid' then 'grid' end, 'early')
  returning * into made;
  update case_key k set case_id = made.id where k.actor = me and k.key = said_key;
  insert into case_event (case_id, seq, actor, action, axis, to_state, detail)
  values (made.id, 1, me, did, '', '', jsonb_strip_nulls(jsonb_build_object('door', said ->> 'door', 'number', made.number)));
  perform case_findable(made.id);
  if coalesce(said ->> 'phone_mark', said ->> 'caller', said ->> 'phone_last4') is not null then
    insert into case_contact (case_id, name, phone_sealed, phone_last4, phone_mark, wants_reply)
    values (made.id, said ->> 'caller', decode(said ->> 'phone_sealed', 'base64'), said ->> 'phone_last4', said ->> 'phone_mark',
            coalesce((said ->> 'wants_reply')::boolean, false));
  end if;
  return query select c.id, c.number, c.version, c.state, false from cases c where c.id = made.id;
end $$;
ALTER FUNCTION public.case_report(said jsonb, said_key text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_stays_the_engines() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if old.version > 0 and current_user <> 'commandcenter_owner' then
    new.state := old.state; new.is_open := old.is_open; new.due_at := old.due_at; new.started_at := old.started_at; new.closed_at := old.closed_at;
    new.department := old.department; new.limit_text := old.limit_text; new.version := old.version; new.reported_at := old.reported_at;
    new.category_code := old.category_code; new.category_system := old.category_system; new.kind := old.kind;
    new.major := old.major; new.minor := old.minor; new.major_en := old.major_en; new.minor_en := old.minor_en; new.number := old.number;
  end if;
  return new;
end $$;
ALTER FUNCTION public.case_stays_the_engines() OWNER TO commandcenter_owner;
CREATE FUNCTION public.case_unfindable(of_case bigint) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  delete from search_gram g using search_doc d where g.doc_id = d.id and d.layer = 'cases' and d.ref_id = of_case;
  delete from search_doc d where d.layer = 'cases' and d.ref_id = of_case
$$;
ALTER FUNCTION public.case_unfindable(of_case bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.cells_held_back(persons bigint[], households bigint[]) RETURNS boolean[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  with cell as (
    select c.p, c.n, c.p < smallest_cell() or c.h < 1 as small from unnest(persons, households) with ordinality as c(p, h, n)
  ), rest as (
    select bool_or(small) as any_small, min(p) filter (where not small) as next_size from cell
  )
  select coalesce(array_agg(coalesce(cell.small or rest.any_small and cell.p = rest.next_size, false) order by cell.n), '{}') from cell, rest
$$;
ALTER FUNCTION public.cells_held_back(persons bigint[], households bigint[]) OWNER TO commandcenter_owner;
CREATE FUNCTION public.city_is_synthetic() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$ select coalesce(bool_and(synthetic), false) from city $$;
ALTER FUNCTION public.city_is_synthetic() OWNER TO commandcenter_owner;
CREATE FUNCTION public.demo_accounts_make(posts jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  post record;
  in_area text;
  in_grid text;
  made bigint;
  count integer := 0;
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  lock table account in exclusive mode;
  if not city_is_synthetic() or exists (select from account) then return 0; end if;
  for post in
    select r.code, r.title || ' ' || r.title_en as title, p.hash, p.centre, p.area, p.one_grid
    from role r left join jsonb_to_recordset(posts) as p(role text, hash text, centre text, area text, one_grid boolean) on p.role = r.code
    order by r.position
  loop
    if post.hash is null then raise exception 'no post for role %', post.code using errcode = 'invalid_parameter_value'; end if;
    select code into in_area from area where level <> 'city' and gone_run_id is null and starts_with(post.area, code) order by length(code) desc limit 1;
    in_grid := null;
    if post.one_grid then
      select min(g.code) into in_grid from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published'
      where g.gone_run_id is null and in_area in (g.district_code, g.street_code, g.community_code);
    end if;
    insert into account (name, title, state, password_hash, password_at, must_change, created_by, settled_at, settled_by)
    values ('demo.' || post.code, post.title, 'active', post.hash, now(), false, 'builtin:demo', now(), 'builtin:demo') returning id into made;
    insert into appointment (account_id, role_code, centre, area_code, grid_code, created_by)
    values (made, post.code, post.centre, case when in_grid is null then in_area end, in_grid, 'builtin:demo');
    perform note_account('account', made, jsonb_build_object('did', 'demo', 'role', post.code, 'centre', post.centre, 'area', in_area, 'grid', in_grid));
    count := count + 1;
  end loop;
  return count;
end $$;
ALTER FUNCTION public.demo_accounts_make(posts jsonb) OWNER TO commandcenter_owner;
CREATE FUNCTION public.demo_entries() RETURNS TABLE(role text, account_id bigint, title text, title_en text, looks boolean, place text, place_en text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select r.code, a.id, r.title, r.title_en, 'read' = any(r.permissions), coalesce(g.name, l.name), coalesce(g.name_en, g.name, l.name_en, l.name)
  from account a
  join role r on a.name = 'demo.' || r.code
  left join lateral (select p.area_code, p.grid_code from held_role h join appointment p on p.id = h.id
                     where h.account_id = a.id and h.role_code = r.code order by p.id limit 1) p on true
  left join lateral (select name, name_en from area where code = p.area_code and gone_run_id is null order by code_system limit 1) l on true
  left join lateral (select name, name_en from grid where code = p.grid_code and gone_run_id is null order by id limit 1) g on true
  where a.created_by = 'builtin:demo' and a.state = 'active' and not a.must_change and city_is_synthetic()
  order by r.position
$$;
ALTER FUNCTION public.demo_entries() OWNER TO commandcenter_owner;
CREATE FUNCTION public.department_join(of_account bigint, code text, joins boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.department_join(of_account bigint, code text, joins boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.department_people(code text) RETURNS TABLE(actor text, title text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select 'account:' || a.id, a.title from department_member m join account a on a.id = m.account_id and a.state = 'active'
  where m.department_code = code and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
    and (actor_may('case_dispatch') or (actor_may('case_handle') and code = any(actor_departments())))
  order by a.title, a.id
$$;
ALTER FUNCTION public.department_people(code text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_confirm(token_digest bytea, step bigint, codes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.factor_confirm(token_digest bytea, step bigint, codes bytea[]) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_failed(token_digest bytea, from_address text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select note_account('sign_in_failed', signed_in_account(token_digest, false), '{"factor": "code"}', from_address) $$;
ALTER FUNCTION public.factor_failed(token_digest bytea, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_offer(token_digest bytea, sealed bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  update account set totp_waits = sealed where id = signed_in_account(token_digest) and not must_change;
  return found;
end $$;
ALTER FUNCTION public.factor_offer(token_digest bytea, sealed bytea) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_pass(token_digest bytea, step bigint, from_address text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare of_account constant bigint := signed_in_account(token_digest, false);
begin
  update account set totp_step = step, factor_failed = 0, locked_until = null where id = of_account and totp_at is not null and totp_step < step;
  if not found then return false; end if;
  update sign_in set strong_at = now() where digest = token_digest;
  perform set_config('commandcenter.actor', 'account:' || of_account, true);
  perform note_account('sign_in', of_account, '{"factor": "code"}', from_address);
  return true;
end $$;
ALTER FUNCTION public.factor_pass(token_digest bytea, step bigint, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_recover(token_digest bytea, code_digest bytea, from_address text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.factor_recover(token_digest bytea, code_digest bytea, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_try(token_digest bytea, most integer, lock_for interval) RETURNS TABLE(account_id bigint, sealed bytea, last_step bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare of_account constant bigint := signed_in_account(token_digest, false);
begin
  return query
    update account a
    set factor_failed = case when a.factor_failed >= most then 1 else a.factor_failed + 1 end,
        locked_until = case when (case when a.factor_failed >= most then 1 else a.factor_failed + 1 end) >= most then now() + lock_for else a.locked_until end
    where a.id = of_account and a.totp_at is not null and (a.locked_until is null or a.locked_until <= now())
    returning a.id, a.totp_sealed, a.totp_step;
end $$;
ALTER FUNCTION public.factor_try(token_digest bytea, most integer, lock_for interval) OWNER TO commandcenter_owner;
CREATE FUNCTION public.factor_waiting(token_digest bytea) RETURNS TABLE(account_id bigint, sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select id, totp_waits from account where id = signed_in_account(token_digest) and totp_waits is not null $$;
ALTER FUNCTION public.factor_waiting(token_digest bytea) OWNER TO commandcenter_owner;
CREATE FUNCTION public.first_administrators(hashes text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.first_administrators(hashes text[]) OWNER TO commandcenter_owner;
CREATE FUNCTION public.household_look(of_household bigint, by_door text, from_address text) RETURNS TABLE(ref text, role text, born_decade integer, state text, name text, phone text, id_number text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('people') or not exists (select from household h where h.id = of_household) then
    perform note_people('refused', by_door, 'household', of_household::text, null, '{"asked": "look"}', from_address);
    return;
  end if;
  perform note_people('look', by_door, 'household', of_household::text, null, '{}', from_address);
  return query
    select p.ref, p.role, p.born / 10 * 10, p.state, masked_name(v.name), masked_phone(v.phone), masked_id(v.id_last4)
    from person p left join person_private v on v.ref = p.ref where p.household_id = of_household
    order by p.role <> 'head', p.born, p.ref;
end $$;
ALTER FUNCTION public.household_look(of_household bigint, by_door text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.households_of(of_building bigint) RETURNS TABLE(id bigint, kind text, persons integer, unit text, counted_on date, known bigint, source text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select h.id, h.kind, h.persons, case when actor_may('reveal') then h.unit end, h.counted_on,
    (select count(*) from person p where p.household_id = h.id), h.source
  from household h where h.building_id = of_building and actor_may('people')
  order by h.kind <> 'resident', char_length(h.unit), h.unit, h.id
$$;
ALTER FUNCTION public.households_of(of_building bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.identity_arrived(of_issuer text, of_subject text, names text[], new_title text, wanted jsonb, opens boolean) RETURNS TABLE(account_id bigint, outcome text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  me constant text := current_setting('commandcenter.actor');
  found_id bigint;
  found_state text;
  said_name text;
  opened boolean;
  given record;
  known jsonb;
begin
  if me is distinct from 'builtin:identity' then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  perform pg_advisory_xact_lock(hashtextextended(of_issuer || ' ' || of_subject, 11));
  select coalesce(jsonb_agg(distinct to_jsonb(w)), '[]') into known
  from jsonb_to_recordset(wanted) as w(role text, centre text, area text, grid text)
  where not exists (
    select from mapping_unknown(array[w.role], array_remove(array[w.area], null), array_remove(array[w.grid], null)));
  select i.account_id, a.state into found_id, found_state from account_identity i join account a on a.id = i.account_id
  where i.issuer = of_issuer and i.subject = of_subject;
  if found_id is null then
    if known = '[]' then return query select null::bigint, 'nothing'; return; end if;
    opened := opens and exists (
      select from jsonb_to_recordset(known) as w(role text) join role r on r.code = w.role
      where not r.permissions && array['accounts', 'security', 'audit']);
    found_state := case when opened then 'active' else 'pending' end;
    foreach said_name in array names loop
      insert into account (name, title, state, must_change, by_identity, created_by, settled_at, settled_by)
      values (said_name, new_title, found_state, false, true, me, case when opened then now() end, case when opened then me end)
      on conflict (name) do nothing returning id into found_id;
      exit when found_id is not null;
    end loop;
    if found_id is null then raise exception 'no name is free' using errcode = 'unique_violation'; end if;
    insert into account_identity (issuer, subject, account_id) values (of_issuer, of_subject, found_id);
    perform note_account('account', found_id, jsonb_build_object('did', case when opened then 'opened' else 'proposed' end, 'by', 'provider'));
    -- what an account that waits is made with is let in together with it
    for given in select * from jsonb_to_recordset(known) as w(role text, centre text, area text, grid text) loop
      perform appointment_map(found_id, given.role, given.centre, given.area, given.grid, opened);
    end loop;
    if not opened then
      update appointment p set state = 'active' where p.account_id = found_id and p.state = 'pending';
    end if;
  elsif found_state = 'disabled' then
    return query select found_id, 'shut'; return;
  else
    update account_identity i set seen_at = now() where i.account_id = found_id;
    update account a set title = new_title where a.id = found_id and a.title <> new_title;
    if found then perform note_account('account', found_id, '{"did": "title", "by": "provider"}'); end if;
    perform appointments_unmap(found_id, wanted);
    for given in select * from jsonb_to_recordset(known) as w(role text, centre text, area text, grid text) loop
      perform appointment_map(found_id, given.role, given.centre, given.area, given.grid, opens and found_state = 'active');
    end loop;
  end if;
  return query select found_id, case
    when found_state = 'pending' then 'waits'
    -- by the clock: this transaction may have waited for the one that made them, and is older than they are
    when exists (select from appointment p where p.account_id = found_id and p.state = 'active' and p.valid_from <= clock_timestamp()
                 and (p.valid_to is null or p.valid_to > clock_timestamp())) then 'open'
    when exists (select from appointment p where p.account_id = found_id and p.state = 'pending') then 'waits'
    else 'nothing' end;
end $$;
ALTER FUNCTION public.identity_arrived(of_issuer text, of_subject text, names text[], new_title text, wanted jsonb, opens boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.identity_failed(of_account bigint, why text, from_address text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select note_account('sign_in_failed', of_account, jsonb_build_object('by', 'provider', 'why', why), from_address) $$;
ALTER FUNCTION public.identity_failed(of_account bigint, why text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.identity_returns(return_digest bytea, keep interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  delete from identity_return where at < now() - keep;
  insert into identity_return (digest) values (return_digest) on conflict do nothing;
  return found;
end $$;
ALTER FUNCTION public.identity_returns(return_digest bytea, keep interval) OWNER TO commandcenter_owner;
CREATE FUNCTION public.is_a_reason(why text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$ select char_length(signs) >= 8 and signs !~ '^(.)\1*$' from (select regexp_replace(coalesce(why, ''), '\s', '', 'g') as signs) s $_$;
ALTER FUNCTION public.is_a_reason(why text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.known_origin() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
  unknown text;
begin
  select format('source %L, run %s, gone in run %s', o.source, coalesce(o.run_id::text, '-'), coalesce(o.gone_run_id::text, '-')) into unknown
    from (select distinct source, run_id, gone_run_id from changed) o
   where not exists (select from source s where s.name = o.source)
      or o.run_id is not null and not exists (select from ingest_run r where r.id = o.run_id)
      or o.gone_run_id is not null and not exists (select from ingest_run r where r.id = o.gone_run_id)
   limit 1;
  if unknown is not null then
    raise foreign_key_violation using message = format('a row of %I comes from an unknown origin: %s', tg_table_name, unknown), table = tg_table_name;
  end if;
  return null;
end $$;
ALTER FUNCTION public.known_origin() OWNER TO commandcenter_owner;
CREATE FUNCTION public.mapping_unknown(roles text[], areas text[], grids text[]) RETURNS TABLE(kind text, code text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select 'role', said from unnest(roles) said where not exists (select from role where role.code = said)
  union all select 'area', said from unnest(areas) said where not exists (select from area where area.code = said and gone_run_id is null)
  union all select 'grid', said from unnest(grids) said where not exists (select from grid where grid.code = said and gone_run_id is null)
$$;
ALTER FUNCTION public.mapping_unknown(roles text[], areas text[], grids text[]) OWNER TO commandcenter_owner;
CREATE FUNCTION public.masked_id(last4 text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select repeat('*', 14) || last4 $$;
ALTER FUNCTION public.masked_id(last4 text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.masked_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select left(name, 1) || '**' $$;
ALTER FUNCTION public.masked_name(name text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.masked_phone(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select case when char_length(phone) >= 11 then left(phone, 3) || '****' || right(phone, 4) when phone is not null then '****' end $$;
ALTER FUNCTION public.masked_phone(phone text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.need_not_last(of_account bigint, of_appointment bigint DEFAULT NULL::bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.need_not_last(of_account bigint, of_appointment bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.need_place(area_of text, grid_of text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if area_of is not null and not exists (select from area where code = area_of and gone_run_id is null) then
    raise exception 'no area %', area_of using errcode = 'no_data_found';
  end if;
  if grid_of is not null and not exists (select from grid where code = grid_of and gone_run_id is null) then
    raise exception 'no grid %', grid_of using errcode = 'no_data_found';
  end if;
end $$;
ALTER FUNCTION public.need_place(area_of text, grid_of text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.note_account(did text, of_account bigint, more jsonb, from_address text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into audit_event (actor, door, act, subject_table, subject_key, detail, address)
  values (current_setting('commandcenter.actor'), case when current_setting('commandcenter.actor') = 'builtin:accounts' then 'cli' else 'api' end,
          did, 'account', of_account::text, more, nullif(from_address, '')::inet)
$$;
ALTER FUNCTION public.note_account(did text, of_account bigint, more jsonb, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.note_break_glass(of_glass bigint, more jsonb, why text DEFAULT NULL::text, from_address text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into audit_event (actor, door, act, subject_table, subject_key, reason, detail, address)
  values (current_setting('commandcenter.actor'), 'api', 'break_glass', 'break_glass', of_glass::text, why, more, nullif(from_address, '')::inet)
$$;
ALTER FUNCTION public.note_break_glass(of_glass bigint, more jsonb, why text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.note_layer_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if exists (select from changed) then
    insert into layer_change (table_name) values (tg_table_name);
    perform pg_notify('layer_change', tg_table_name);
  end if;
  return null;
end $$;
ALTER FUNCTION public.note_layer_change() OWNER TO commandcenter_owner;
CREATE FUNCTION public.note_people(did text, by_door text, of_table text, of_key text, why text, more jsonb, from_address text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into audit_event (actor, door, act, subject_table, subject_key, reason, detail, address)
  values (current_setting('commandcenter.actor'), by_door, did, of_table, of_key, left(why, 1000), more, nullif(from_address, '')::inet)
$$;
ALTER FUNCTION public.note_people(did text, by_door text, of_table text, of_key text, why text, more jsonb, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.note_token(did text, of_token bigint, more jsonb, from_address text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into audit_event (actor, door, act, subject_table, subject_key, detail, address)
  values (current_setting('commandcenter.actor'), 'api', did, 'token', of_token::text, more, nullif(from_address, '')::inet)
$$;
ALTER FUNCTION public.note_token(did text, of_token bigint, more jsonb, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.origin_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise foreign_key_violation using message = format('rows of %I are neither deleted nor renamed: what came from them refers to them', tg_table_name);
end $$;
ALTER FUNCTION public.origin_stays() OWNER TO commandcenter_owner;
CREATE FUNCTION public.own_password_hash() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select password_hash from account where id = actor_account() and state = 'active' $$;
ALTER FUNCTION public.own_password_hash() OWNER TO commandcenter_owner;
CREATE FUNCTION public.password_change(hash text, keep bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  update account set password_hash = hash, password_at = now(), must_change = false
  where id = actor_account() and state = 'active' and id = signed_in_account(keep);
  if not found then return false; end if;
  perform sign_ins_end(keep);
  perform note_account('account', actor_account(), '{"did": "password"}');
  return true;
end $$;
ALTER FUNCTION public.password_change(hash text, keep bytea) OWNER TO commandcenter_owner;
CREATE FUNCTION public.people_counts(of_code text) RETURNS TABLE(part text, level text, code text, title text, title_en text, persons bigint, households bigint, held_back boolean, inside boolean, counted boolean, counted_on date)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  levels constant text[] := array['district', 'street', 'community', 'grid', 'building'];
  path constant text[] := place_path(of_code);
  depth_here constant integer := cardinality(path);
  whole_city constant boolean := actor_sees_whole_city();
  districts constant text[] := actor_districts();
  streets constant text[] := actor_streets();
  communities constant text[] := actor_communities();
  grids constant text[] := actor_grids();
  shut boolean;  -- whether the place we stand in is held back, and all outside below it with it
  -- One entry a cell below: its code, what it holds, what of that lies outside (null: it lies wholly inside), whether it is held back.
  codes text[];
  all_persons bigint[];
  all_households bigint[];
  days date[];
  persons_outside bigint[];
  households_outside bigint[];
  held boolean[];
begin
  if not actor_may('read') or path is null then return; end if;
  for depth in 0 .. depth_here loop
    select array_agg(c.code), array_agg(c.p), array_agg(c.h), array_agg(c.day), array_agg(c.op), array_agg(c.oh)
    into codes, all_persons, all_households, days, persons_outside, households_outside
    from (
      select k.code, sum(k.p)::bigint as p, sum(k.h)::bigint as h, max(k.counted_on) as day,
        (sum(k.p) filter (where not k.mine))::bigint as op, (sum(k.h) filter (where not k.mine))::bigint as oh
      from (
        select case depth when 0 then c.district_code when 1 then c.street_code when 2 then c.community_code when 3 then c.grid_code else c.building_id::text end as code,
          coalesce(c.persons, c.resident) as p, c.resident as h, c.counted_on,
          coalesce(whole_city or c.district_code = any(districts) or c.street_code = any(streets) or c.community_code = any(communities)
                   or c.grid_code = any(grids), false) as mine
        from household_count c
        where (depth < 1 or path[1] is null or c.district_code = path[1]) and (depth < 2 or path[2] is null or c.street_code = path[2])
          and (depth < 3 or path[3] is null or c.community_code = path[3]) and (depth < 4 or c.grid_code = path[4])) k
      group by k.code order by k.code) c;
    if depth = 0 then  -- the city is a cell of its own
      shut := coalesce((select sum(o.p) < smallest_cell() or sum(o.h) < 1 from unnest(persons_outside, households_outside) as o(p, h)), false);
    end if;
    held := case when shut then array(select o.p is not null from unnest(persons_outside) with ordinality as o(p, n) order by o.n)
                 else cells_held_back(persons_outside, households_outside) end;
    if depth < depth_here then
      shut := coalesce((select held[n] from generate_subscripts(codes, 1) n where codes[n] is not distinct from path[depth + 1]), shut);
    end if;
  end loop;
  return query
    select 'above', x.level, x.code, x.name, x.name_en, null::bigint, null::bigint, false, false, false, null::date from (
      select 0 as turn, 'city' as level, '' as code, c.name, c.name_en from city c where depth_here > 0
      union all
      select n, levels[n], path[n], coalesce(a.name, path[n]), a.name_en from generate_series(1, depth_here - 1) n
      left join lateral (select * from area where area.code = path[n] and area.gone_run_id is null order by area.code_system limit 1) a on true) x
    order by x.turn;
  return query
    select 'here', coalesce(levels[depth_here], 'city'), coalesce(path[depth_here], ''), coalesce(a.name, g.name, c.name), coalesce(a.name_en, g.name_en, c.name_en),
      case when not t.held then t.p end, case when not t.held then t.h end, t.held, t.inside, t.counted, t.day
    from (select coalesce(shut and bool_or(k.op is not null), false) as held, sum(k.p)::bigint as p, sum(k.h)::bigint as h,
                 coalesce(bool_and(k.op is null), false) as inside, count(*) > 0 as counted, max(k.day) as day
          from unnest(all_persons, all_households, persons_outside, days) as k(p, h, op, day)) t
    left join lateral (select * from city where depth_here = 0 limit 1) c on true
    left join lateral (select * from area where depth_here between 1 and 3 and area.code = of_code and area.gone_run_id is null order by area.code_system limit 1) a on true
    left join lateral (select y.* from grid y join grid_plan l on l.id = y.plan_id and l.status = 'published'
                       where depth_here = 4 and y.code = of_code and y.gone_run_id is null limit 1) g on true;
  return query
    with cell as (
      select * from unnest(codes, all_persons, all_households, persons_outside, held, days) as k(code, p, h, op, held, day)
    ), place as (  -- every place there is below, counted or not
      select a.code, a.name, a.name_en from area a
      where depth_here < 3 and a.level = levels[depth_here + 1] and a.gone_run_id is null
        and (depth_here < 1 or a.district_code = path[1]) and (depth_here < 2 or a.street_code = path[2])
      union all
      select g.code, g.name, g.name_en from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published'
      where depth_here = 3 and g.gone_run_id is null and g.community_code = path[3]
      union all
      select b.id::text, coalesce(b.name, b.address, b.code), coalesce(b.name_en, b.address, b.code) from cell k join building b on b.id = k.code::bigint
      where depth_here = 4
    )
    select 'below', levels[depth_here + 1], coalesce(k.code, o.code), o.name, o.name_en,
      case when not k.held then k.p end, case when not k.held then k.h end, coalesce(k.held, false), coalesce(k.op is null and k.p is not null, false),
      k.p is not null, k.day
    from cell k full join place o on o.code = k.code
    order by coalesce(k.code, o.code) nulls last;
end $$;
ALTER FUNCTION public.people_counts(of_code text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.people_enter(of_source text, delivered jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  households integer;
  people integer;
begin
  if not actor_may_write() then raise insufficient_privilege using message = 'not permitted'; end if;
  insert into household (building_id, unit, kind, persons, counted_on, source, source_key, district_code, street_code, community_code, grid_code, unit_cell_code)
    select b.id, x.unit, x.kind, x.persons, x.counted_on, of_source, x.key, o.district_code, o.street_code, o.community_code, o.grid_code, o.unit_cell_code
    from jsonb_to_recordset(delivered) as x(building bigint, unit text, kind text, persons integer, counted_on date, key text)
    join building b on b.id = x.building
    left join household_count c on c.building_id = b.id,
    lateral (select c.district_code, c.street_code, c.community_code, c.grid_code, c.unit_cell_code where c.id is not null union all
             select b.district_code, b.street_code, b.community_code, b.grid_code, b.unit_cell_code where c.id is null) o;
  get diagnostics households = row_count;
  if households <> jsonb_array_length(delivered) then
    raise foreign_key_violation using message = 'a household names a building that is not there';
  end if;
  with known as materialized (
    select h.id as household_id, p.* from jsonb_to_recordset(delivered) as x(key text, people jsonb)
    join household h on h.source = of_source and h.source_key = x.key,
    lateral jsonb_to_recordset(x.people) as p(ref text, role text, born integer, state text, name text, phone text, id_sealed text, id_last4 text, mark text)
    where not exists (select from person t where t.erased_mark = p.mark)
  ), entered as (
    insert into person (ref, household_id, role, born, state) select ref, household_id, role, born, state from known
  )
  insert into person_private (ref, name, phone, id_sealed, id_last4, mark)
    select ref, name, phone, decode(id_sealed, 'hex'), id_last4, mark from known;
  get diagnostics people = row_count;
  perform note_people('change', 'worker', 'household', null, null,
                      jsonb_build_object('did', 'entered', 'source', of_source, 'households', households, 'people', people), null);
  return people;
end $$;
ALTER FUNCTION public.people_enter(of_source text, delivered jsonb) OWNER TO commandcenter_owner;
CREATE FUNCTION public.person_erase(of_ref text, why text, by_door text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  said constant text := btrim(regexp_replace(coalesce(why, ''), '\s+', ' ', 'g'));
  gone person_private;
  was text;
begin
  if not actor_may('erase') then raise insufficient_privilege using message = 'not permitted'; end if;
  if not is_a_reason(said) then return 'no_reason'; end if;
  select p.state into was from person p join household h on h.id = p.household_id where p.ref = of_ref for update of p;
  if was is null then return 'nobody'; end if;
  if was = 'erased' then return 'erased_before'; end if;
  if exists (select from person_private v where v.ref = of_ref and (strpos(said, v.name) > 0 or strpos(said, v.phone) > 0)) then return 'reason_tells'; end if;
  delete from person_private v where v.ref = of_ref returning * into gone;
  update person p set state = 'erased', erased_at = now(), erased_mark = gone.mark, role = null, born = null where p.ref = of_ref;
  perform note_people('change', by_door, 'person', of_ref, said, jsonb_build_object('did', 'erased', 'mark', gone.mark), null);
  return 'erased';
end $$;
ALTER FUNCTION public.person_erase(of_ref text, why text, by_door text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.person_of_mark(of_mark text) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare found_ref text;
begin
  if not actor_may('erase') then raise insufficient_privilege using message = 'not permitted'; end if;
  for found_ref in
    select v.ref from person_private v join person p on p.ref = v.ref join household h on h.id = p.household_id where v.mark = of_mark order by v.ref
  loop
    perform note_people('look', 'cli', 'person', found_ref, null, '{"asked": "whose ID number"}', null);
    return next found_ref;
  end loop;
end $$;
ALTER FUNCTION public.person_of_mark(of_mark text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.person_reveal(of_household bigint, of_ref text, why text, by_door text, from_address text) RETURNS TABLE(outcome text, ref text, name text, phone text, id_sealed bytea, born integer, unit text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  here household;
  said constant text := btrim(regexp_replace(coalesce(why, ''), '\s+', ' ', 'g'));
begin
  select h.* into here from household h where h.id = of_household;
  outcome := case
    when not actor_may('reveal') then 'not_permitted'
    when here.id is null then 'not_here'
    when not is_a_reason(said) then 'no_reason'
    when exists (select from person p join person_private v on v.ref = p.ref
                 where p.household_id = here.id and (strpos(said, v.name) > 0 or strpos(said, v.phone) > 0)) then 'reason_tells'
    when not exists (select from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref)) then 'nobody'
    else 'revealed'
  end;
  if outcome <> 'revealed' then
    perform note_people('refused', by_door, 'household', of_household::text, null, jsonb_build_object('asked', 'reveal', 'why', outcome), from_address);
    return next;
    return;
  end if;
  perform note_people('reveal', by_door, 'person', p.ref, said, jsonb_build_object('household', here.id, 'fields', array['name', 'phone', 'id_number', 'unit']), from_address)
    from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref);
  return query
    select 'revealed', p.ref, v.name, v.phone, v.id_sealed, p.born, here.unit
    from person p join person_private v on v.ref = p.ref where p.household_id = here.id and p.ref = coalesce(of_ref, p.ref)
    order by p.role <> 'head', p.born, p.ref;
end $$;
ALTER FUNCTION public.person_reveal(of_household bigint, of_ref text, why text, by_door text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.place_of(at public.geometry) RETURNS TABLE(district_code text, street_code text, community_code text, grid_code text, unit_cell_code text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select coalesce(g.district_code, a.district_code), coalesce(g.street_code, a.street_code), coalesce(g.community_code, a.community_code), g.code, u.code
  from (select at as geom) p
  left join lateral (select code, district_code, street_code, community_code from grid
     where geom && p.geom and ST_Covers(geom, p.geom) and plan_id in (select id from grid_plan where status = 'published') order by code limit 1) g on true
  left join lateral (select district_code, street_code, community_code from area
     where geom && p.geom and ST_Covers(geom, p.geom) and g.code is null order by length(code) desc, code limit 1) a on true
  left join lateral (select code from unit_cell where geom && p.geom and ST_Covers(geom, p.geom) order by code limit 1) u on true
$$;
ALTER FUNCTION public.place_of(at public.geometry) OWNER TO commandcenter_owner;
CREATE FUNCTION public.place_path(of_code text) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select path from (
    select 0 as turn, '{}'::text[] as path where of_code = ''
    union all
    select 1, case level when 'city' then '{}' when 'district' then array[code] when 'street' then array[district_code, code]
                         when 'community' then array[district_code, street_code, code] end
    from area where code = of_code and gone_run_id is null
    union all
    select 2, array[g.district_code, g.street_code, g.community_code, g.code] from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'
    where g.code = of_code and g.gone_run_id is null) found
  order by turn limit 1
$$;
ALTER FUNCTION public.place_path(of_code text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.place_scope(area_of text, grid_of text, centre_of text) RETURNS TABLE(whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[])
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.place_scope(area_of text, grid_of text, centre_of text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.recovery_codes_left() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select count(*)::integer from recovery_code where account_id = actor_account() and used_at is null $$;
ALTER FUNCTION public.recovery_codes_left() OWNER TO commandcenter_owner;
CREATE FUNCTION public.refresh_grid_counts() RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare touched bigint;
begin
  with case_counts as (
    select grid_code, count(*) as open_cases, count(*) filter (where due_at < now()) as overdue
    from cases where is_open and grid_code is not null group by grid_code
  ), camera_counts as (
    select grid_code, count(*) as cameras, count(*) filter (where status = 'working') as working
    from camera where grid_code is not null group by grid_code
  ), fresh as (
    select g.id, coalesce(c.open_cases, 0) as open_cases, coalesce(c.overdue, 0) as overdue,
           coalesce(k.cameras, 0) as cameras, coalesce(k.working, 0) as working
    from grid g join grid_plan p on p.id = g.plan_id and p.status = 'published'
    left join case_counts c on c.grid_code = g.code left join camera_counts k on k.grid_code = g.code
  )
  update grid g set open_cases = f.open_cases, overdue_cases = f.overdue, cameras = f.cameras, cameras_working = f.working, counted_at = now()
  from fresh f where f.id = g.id;
  get diagnostics touched = row_count;
  return touched;
end $$;
ALTER FUNCTION public.refresh_grid_counts() OWNER TO commandcenter_owner;
CREATE TABLE public.search_doc (
    id bigint NOT NULL,
    layer text NOT NULL,
    ref_id bigint NOT NULL,
    title text NOT NULL,
    title_en text,
    detail text,
    code text,
    rank smallint NOT NULL,
    public boolean DEFAULT false NOT NULL,
    district_code text,
    street_code text,
    community_code text,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    needle text GENERATED ALWAYS AS (lower(regexp_replace(((((COALESCE(title, ''::text) || ' '::text) || COALESCE(title_en, ''::text)) || ' '::text) || COALESCE(detail, ''::text)), '\s+'::text, ''::text, 'g'::text))) STORED,
    grid_code text,
    kind text
);
ALTER TABLE ONLY public.search_doc FORCE ROW LEVEL SECURITY;
ALTER TABLE public.search_doc OWNER TO commandcenter_owner;
CREATE FUNCTION public.search_case_in(d public.search_doc, places text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  select d.kind || '@' = any(places) or d.kind || '@' || d.district_code = any(places) or d.kind || '@' || d.street_code = any(places)
      or d.kind || '@' || d.community_code = any(places) or d.kind || '@' || d.grid_code = any(places)
$$;
ALTER FUNCTION public.search_case_in(d public.search_doc, places text[]) OWNER TO commandcenter_owner;
CREATE FUNCTION public.search_city(phrase text, wanted integer) RETURNS TABLE(layer text, ref_id bigint, title text, title_en text, detail text, code text, rank smallint, lon double precision, lat double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $_$
declare
  wish constant text := lower(regexp_replace(phrase, '\s+', '', 'g'));
  typed constant text := regexp_replace(phrase, '\s+', '', 'g');
  whole_city constant boolean := actor_sees_whole_city();
  districts constant text[] := actor_districts();
  streets constant text[] := actor_streets();
  communities constant text[] := actor_communities();
  grids constant text[] := actor_grids();
  case_places constant text[] := actor_case_places();  -- null: all kinds of cases
  rarest text := wish;
  fewest bigint := 2001;
  candidate text;
  here bigint;
begin
  if not actor_is_present() or length(wish) < 2 or length(wish) > 100 then return; end if;
  if length(wish) > 2 then  -- the shortest list among the bigrams; no list is counted past 2 000 entries
    for candidate in select b from bigrams(wish) b loop
      select count(*) into here from (select from search_gram s where s.gram = candidate limit 2000) x;
      if here < fewest then fewest := here; rarest := candidate; end if;
    end loop;
  end if;
  return query
    select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, (-1)::smallint, d.lon, d.lat from search_doc d
    where typed ~ '^[0-9A-Za-z_:-]{3,}$' and d.code ~>=~ typed and d.code ~<~ (typed || chr(1114109))
      and (d.public or whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids))
      and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
    order by d.code using ~<~ limit wanted;
  -- What everybody may find: names of areas, roads, buildings.
  return query
    select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
    from search_gram s join search_doc d on d.id = s.doc_id
    where s.gram = rarest and s.public and (length(wish) = 2 or strpos(d.needle, wish) > 0)
    order by s.rank, s.doc_id limit wanted;
  -- What lies in the jurisdiction. A wide one meets its rows early in the word's list; a narrow one has few rows of its own,
  -- and walking a common word's whole list for them would take a hundred times longer.
  if whole_city or cardinality(districts) > 0 then
    return query
      select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
      from search_gram s join search_doc d on d.id = s.doc_id
      where s.gram = rarest and not s.public and (length(wish) = 2 or strpos(d.needle, wish) > 0)
        and (whole_city or d.district_code = any(districts) or d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids))
        and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
      order by s.rank, s.doc_id limit wanted;
  else
    return query
      select d.layer, d.ref_id, d.title, d.title_en, d.detail, d.code, d.rank, d.lon, d.lat
      from search_doc d
      where (d.street_code = any(streets) or d.community_code = any(communities) or d.grid_code = any(grids)) and not d.public
        and d.layer <> 'components' and strpos(d.needle, wish) > 0 and (case_places is null or d.layer <> 'cases' or search_case_in(d, case_places))
      order by d.rank, d.id limit wanted;
  end if;
end $_$;
ALTER FUNCTION public.search_city(phrase text, wanted integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.search_forget(which text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  delete from search_gram g using search_doc d where d.layer = which and g.doc_id = d.id;
  delete from search_doc where layer = which;
$$;
ALTER FUNCTION public.search_forget(which text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.search_learn(which text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare learnt bigint;
begin
  if not actor_may_write() or not actor_sees_whole_city() then
    raise exception 'only a whole-city writer may rebuild the search';
  end if;
  perform search_forget(which);
  case which
  when 'areas' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, public, district_code, street_code, community_code, lon, lat)
    select 'areas', id, name, name_en, null, code, case level when 'city' then 0 when 'district' then 0 when 'street' then 1 else 2 end, true,
           district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from area, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'grids' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'grids', g.id, g.name, g.name_en, null, g.code, 4, g.district_code, g.street_code, g.community_code, g.code, ST_X(p), ST_Y(p)
    from grid g join grid_plan l on l.id = g.plan_id and l.status = 'published', lateral (select ST_PointOnSurface(g.geom) as p) x;
  when 'compounds' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'compounds', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(p), ST_Y(p)
    from compound, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'buildings' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, public, district_code, street_code, community_code, lon, lat)
    select 'buildings', id, coalesce(name, address), name_en, case when name is null then null else address end, code,
           case when name is null then 7 else 5 end, true, district_code, street_code, community_code, ST_X(p), ST_Y(p)
    from building, lateral (select ST_PointOnSurface(geom) as p) x where coalesce(name, address) is not null;
  when 'addresses' then
    insert into search_doc (layer, ref_id, title, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'addresses', id, label, null, null, 8, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from address;
  when 'base' then
    insert into search_doc (layer, ref_id, title, title_en, rank, public, lon, lat)
    select 'base', min(id), name, min(name_en), case when bool_or(theme in ('place','water','green')) then 2 else 3 end, true,
           ST_X(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1])), ST_Y(ST_PointOnSurface((array_agg(geom order by ST_NPoints(geom) desc))[1]))
    from base_feature where name is not null group by name;
  when 'cameras' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'cameras', id, name, name_en, address, code, 6, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from camera;
  when 'service_points' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'service_points', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom) from service_point;
  when 'key_sites' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'key_sites', id, name, name_en, address, code, 3, district_code, street_code, community_code, grid_code, ST_X(p), ST_Y(p)
    from key_site, lateral (select ST_PointOnSurface(geom) as p) x;
  when 'components' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, lon, lat)
    select 'components', id, coalesce(name, class_name), class_name_en, null, code, 9, district_code, street_code, community_code, grid_code, ST_X(geom), ST_Y(geom)
    from component where code is not null;
  when 'cases' then
    insert into search_doc (layer, ref_id, title, title_en, detail, code, rank, district_code, street_code, community_code, grid_code, kind, lon, lat)
    select 'cases', id, minor, minor_en, address, number, 6, district_code, street_code, community_code, grid_code, kind, ST_X(geom), ST_Y(geom)
    from cases where is_open;
  else
    raise exception 'nothing to search in layer %', which;
  end case;
  get diagnostics learnt = row_count;
  -- Components and cases are found by code: their class names are legend, not names.
  insert into search_gram (gram, public, rank, doc_id)
  select distinct gram, d.public, d.rank, d.id from search_doc d, lateral bigrams(d.needle) gram
  where d.layer = which and d.layer <> 'components';
  return learnt;
end $$;
ALTER FUNCTION public.search_learn(which text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.set_camera_sector() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  new.sector_3857 := camera_sector(new.geom, new.azimuth_deg, new.hfov_deg, new.max_view_distance_m);
  return new;
end $$;
ALTER FUNCTION public.set_camera_sector() OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_in_actor(token_digest bytea, idle interval, attended boolean) RETURNS TABLE(account_id bigint, title text, due text, strong boolean, permissions text[], whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.sign_in_actor(token_digest bytea, idle interval, attended boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text, strong boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  update account set failed = 0, locked_until = null where id = of_account and state = 'active';
  if not found then return false; end if;
  insert into sign_in (account_id, digest, ends_at, address, agent, strong_at)
  values (of_account, token_digest, now() + lasts, from_address, left(by_agent, 200), case when strong then now() end);
  perform set_config('commandcenter.actor', 'account:' || of_account, true);  -- from here on it is they who act
  perform note_account('sign_in', of_account, jsonb_build_object('strong', strong), from_address);
  return true;
end $$;
ALTER FUNCTION public.sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text, strong boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_in_end(token_digest bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare of_account bigint;
begin
  update sign_in set ended_at = now() where digest = token_digest and ended_at is null returning account_id into of_account;
  if of_account is null then return; end if;
  perform set_config('commandcenter.actor', 'account:' || of_account, true);
  perform note_account('sign_out', of_account, '{}');
end $$;
ALTER FUNCTION public.sign_in_end(token_digest bytea) OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_in_failed(said_name text, from_address text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$ select note_account('sign_in_failed', (select id from account where name = said_name), '{}', from_address) $$;
ALTER FUNCTION public.sign_in_failed(said_name text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_in_try(said_name text, most integer, lock_for interval) RETURNS TABLE(account_id bigint, password_hash text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  update account a
  set failed = case when a.locked_until is null then a.failed + 1 else 1 end,
      locked_until = case when (case when a.locked_until is null then a.failed + 1 else 1 end) >= most then now() + lock_for end
  where a.name = said_name and a.state = 'active' and a.password_hash is not null and (a.locked_until is null or a.locked_until <= now())
  returning a.id, a.password_hash
$$;
ALTER FUNCTION public.sign_in_try(said_name text, most integer, lock_for interval) OWNER TO commandcenter_owner;
CREATE FUNCTION public.sign_ins_end(but_not bytea) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  with ended as (
    update sign_in set ended_at = now()
    where account_id = actor_account() and ended_at is null and digest is distinct from but_not returning 1)
  select count(*)::integer from ended
$$;
ALTER FUNCTION public.sign_ins_end(but_not bytea) OWNER TO commandcenter_owner;
CREATE FUNCTION public.signed_in_account(token_digest bytea, strongly boolean DEFAULT true) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select s.account_id from sign_in s join account a on a.id = s.account_id
  where s.digest = token_digest and s.ended_at is null and s.ends_at > now() and a.state = 'active'
    and (not strongly or a.totp_at is null or s.strong_at is not null)
$$;
ALTER FUNCTION public.signed_in_account(token_digest bytea, strongly boolean) OWNER TO commandcenter_owner;
CREATE FUNCTION public.smallest_cell() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select 5 $$;
ALTER FUNCTION public.smallest_cell() OWNER TO commandcenter_owner;
CREATE FUNCTION public.thin_points(which regclass, first_zoom integer, every_from integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare cell double precision;
begin
  execute format('update %s set min_zoom = %s', which, every_from);
  for zoom in first_zoom .. every_from - 1 loop
    cell := 40075016.68557849 / power(2, zoom) / 8;
    execute format('update %s t set min_zoom = %s from (
        select distinct on (floor(ST_X(geom_3857) / %s), floor(ST_Y(geom_3857) / %s)) id
        from %s order by floor(ST_X(geom_3857) / %s), floor(ST_Y(geom_3857) / %s), min_zoom, hashint8(id)) first
      where first.id = t.id and t.min_zoom > %s', which, zoom, cell, cell, which, cell, cell, zoom);
  end loop;
end $$;
ALTER FUNCTION public.thin_points(which regclass, first_zoom integer, every_from integer) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_actor(token_digest bytea, of_kind text, from_address text) RETURNS TABLE(id bigint, title text, place text, place_en text, permissions text[], whole_city boolean, districts text[], streets text[], communities text[], grids text[], case_places text[], left_s double precision)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.token_actor(token_digest bytea, of_kind text, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_code(of_token bigint, new_code bytea, lasts interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('accounts') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set code_digest = new_code, code_until = now() + least(lasts, interval '10 minutes') where id = of_token and kind = 'device' and state = 'active';
  if not found then return false; end if;
  perform note_token('account', of_token, '{"did": "code"}');
  return true;
end $$;
ALTER FUNCTION public.token_code(of_token bigint, new_code bytea, lasts interval) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_end(of_token bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not (actor_may('accounts') or actor_may('security')) then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set state = 'revoked', digest = null, code_digest = null, code_until = null, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_token and state <> 'revoked';
  if not found then return false; end if;
  perform note_token('account', of_token, '{"did": "revoked"}');
  return true;
end $$;
ALTER FUNCTION public.token_end(of_token bigint) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_propose(of_kind text, new_title text, token_digest bytea, area_of text, grid_of text, centre_of text, from_networks cidr[], until timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.token_propose(of_kind text, new_title text, token_digest bytea, area_of text, grid_of text, centre_of text, from_networks cidr[], until timestamp with time zone) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_redeem(said_code bytea, new_digest bytea, from_address text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
ALTER FUNCTION public.token_redeem(said_code bytea, new_digest bytea, from_address text) OWNER TO commandcenter_owner;
CREATE FUNCTION public.token_settle(of_token bigint, approved boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if not actor_may('security') then raise exception 'not permitted' using errcode = 'insufficient_privilege'; end if;
  update token set state = case when approved then 'active' else 'revoked' end, settled_at = now(), settled_by = current_setting('commandcenter.actor')
  where id = of_token and state = 'pending' and created_by <> current_setting('commandcenter.actor');
  if not found then return false; end if;
  perform note_token('approve', of_token, jsonb_build_object('approved', approved));
  return true;
end $$;
ALTER FUNCTION public.token_settle(of_token bigint, approved boolean) OWNER TO commandcenter_owner;
CREATE SEQUENCE public.audit_event_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE public.audit_event_id OWNER TO commandcenter_owner;
ALTER SEQUENCE public.audit_event_id OWNED BY public.audit_event.id;
CREATE TABLE audit.event_default (
    id bigint DEFAULT nextval('public.audit_event_id'::regclass) NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    door text NOT NULL,
    act text NOT NULL,
    subject_table text,
    subject_key text,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    address inet,
    CONSTRAINT act_is_a_word CHECK ((act ~ '^[a-z][a-z_]{1,39}$'::text)),
    CONSTRAINT door_is_known CHECK ((door = ANY (ARRAY['wall'::text, 'desk'::text, 'cli'::text, 'worker'::text, 'api'::text])))
);
ALTER TABLE ONLY audit.event_default FORCE ROW LEVEL SECURITY;
ALTER TABLE audit.event_default OWNER TO commandcenter_owner;
CREATE TABLE jobs.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type jobs.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
ALTER TABLE jobs.procrastinate_events OWNER TO commandcenter_owner;
CREATE SEQUENCE jobs.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE jobs.procrastinate_events_id_seq OWNER TO commandcenter_owner;
ALTER SEQUENCE jobs.procrastinate_events_id_seq OWNED BY jobs.procrastinate_events.id;
CREATE SEQUENCE jobs.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE jobs.procrastinate_jobs_id_seq OWNER TO commandcenter_owner;
ALTER SEQUENCE jobs.procrastinate_jobs_id_seq OWNED BY jobs.procrastinate_jobs.id;
CREATE TABLE jobs.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
ALTER TABLE jobs.procrastinate_periodic_defers OWNER TO commandcenter_owner;
CREATE SEQUENCE jobs.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER TABLE jobs.procrastinate_periodic_defers_id_seq OWNER TO commandcenter_owner;
ALTER SEQUENCE jobs.procrastinate_periodic_defers_id_seq OWNED BY jobs.procrastinate_periodic_defers.id;
CREATE TABLE jobs.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE jobs.procrastinate_workers OWNER TO commandcenter_owner;
ALTER TABLE jobs.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME jobs.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.account (
    id bigint NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    password_hash text,
    password_at timestamp with time zone,
    must_change boolean DEFAULT true NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    settled_at timestamp with time zone,
    settled_by text,
    totp_sealed bytea,
    totp_waits bytea,
    totp_step bigint DEFAULT 0 NOT NULL,
    totp_at timestamp with time zone,
    factor_failed integer DEFAULT 0 NOT NULL,
    by_identity boolean DEFAULT false NOT NULL,
    CONSTRAINT name_is_a_name CHECK ((name ~ '^[a-z][a-z0-9._-]{1,39}$'::text)),
    CONSTRAINT no_password_here CHECK (((NOT by_identity) OR (password_hash IS NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'disabled'::text])))
);
ALTER TABLE ONLY public.account FORCE ROW LEVEL SECURITY;
ALTER TABLE public.account OWNER TO commandcenter_owner;
ALTER TABLE public.account ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.account_identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.account_identity FORCE ROW LEVEL SECURITY;
ALTER TABLE public.account_identity OWNER TO commandcenter_owner;
CREATE TABLE public.address (
    id bigint NOT NULL,
    house_number text,
    street text,
    label text NOT NULL,
    geom public.geometry(Point,4326) NOT NULL,
    geom_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint
);
ALTER TABLE ONLY public.address FORCE ROW LEVEL SECURITY;
ALTER TABLE public.address OWNER TO commandcenter_owner;
ALTER TABLE public.address ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.address_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE public.alembic_version OWNER TO commandcenter_owner;
CREATE TABLE public.appointment (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    role_code text NOT NULL,
    centre text,
    area_code text,
    valid_from timestamp with time zone DEFAULT now() NOT NULL,
    valid_to timestamp with time zone,
    created_by text NOT NULL,
    grid_code text,
    state text DEFAULT 'active'::text NOT NULL,
    settled_at timestamp with time zone,
    settled_by text,
    mapped boolean DEFAULT false NOT NULL,
    CONSTRAINT centre_is_known CHECK ((centre = ANY (ARRAY['emergency'::text, 'grid'::text, 'urban'::text]))),
    CONSTRAINT one_place CHECK (((area_code IS NULL) OR (grid_code IS NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'refused'::text])))
);
ALTER TABLE ONLY public.appointment FORCE ROW LEVEL SECURITY;
ALTER TABLE public.appointment OWNER TO commandcenter_owner;
ALTER TABLE public.appointment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.appointment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.area (
    id bigint NOT NULL,
    code text NOT NULL,
    code_system text NOT NULL,
    other_codes jsonb DEFAULT '{}'::jsonb NOT NULL,
    level text NOT NULL,
    parent_code text,
    district_code text,
    street_code text,
    community_code text,
    name text NOT NULL,
    name_en text,
    generated boolean NOT NULL,
    area_m2 double precision NOT NULL,
    geom public.geometry(MultiPolygon,4326) NOT NULL,
    geom_3857 public.geometry(MultiPolygon,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    geom_3857_low public.geometry(MultiPolygon,3857),
    label_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_pointonsurface(public.st_transform(geom, 3857))) STORED,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT level_is_known CHECK ((level = ANY (ARRAY['city'::text, 'district'::text, 'street'::text, 'community'::text])))
);
ALTER TABLE ONLY public.area FORCE ROW LEVEL SECURITY;
ALTER TABLE public.area OWNER TO commandcenter_owner;
ALTER TABLE public.area ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.area_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit_chain (
    seq bigint NOT NULL,
    event_id bigint NOT NULL,
    event_at timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT hash_is_sha256 CHECK ((octet_length(hash) = 32))
);
ALTER TABLE ONLY public.audit_chain FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_chain OWNER TO commandcenter_owner;
ALTER TABLE public.audit_checkpoint ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_checkpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit_waiting (
    event_id bigint NOT NULL,
    event_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.audit_waiting FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audit_waiting OWNER TO commandcenter_owner;
CREATE TABLE public.base_feature (
    id bigint NOT NULL,
    theme text NOT NULL,
    class text NOT NULL,
    name text,
    name_en text,
    min_zoom smallint NOT NULL,
    stacking smallint DEFAULT '0'::smallint NOT NULL,
    is_bridge boolean DEFAULT false NOT NULL,
    is_tunnel boolean DEFAULT false NOT NULL,
    geom public.geometry(Geometry,4326) NOT NULL,
    geom_3857 public.geometry(Geometry,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    label_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (
CASE
    WHEN ((name IS NULL) OR (public.st_dimension(geom) = 1)) THEN NULL::public.geometry
    ELSE public.st_pointonsurface(public.st_transform(geom, 3857))
END) STORED,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT theme_is_known CHECK ((theme = ANY (ARRAY['water'::text, 'waterway'::text, 'green'::text, 'land_use'::text, 'road'::text, 'rail'::text, 'place'::text])))
);
ALTER TABLE ONLY public.base_feature FORCE ROW LEVEL SECURITY;
ALTER TABLE public.base_feature OWNER TO commandcenter_owner;
ALTER TABLE public.base_feature ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.base_feature_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.break_glass (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    seen_at timestamp with time zone,
    seen_by text,
    CONSTRAINT lasts_an_hour_at_most CHECK (((ends_at > begun_at) AND (ends_at <= (begun_at + '01:00:00'::interval)))),
    CONSTRAINT reason_says_something CHECK ((char_length(regexp_replace(reason, '\s'::text, ''::text, 'g'::text)) >= 10))
);
ALTER TABLE ONLY public.break_glass FORCE ROW LEVEL SECURITY;
ALTER TABLE public.break_glass OWNER TO commandcenter_owner;
ALTER TABLE public.break_glass ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.break_glass_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.building (
    id bigint NOT NULL,
    code text,
    name text,
    name_en text,
    address text,
    use text NOT NULL,
    levels integer,
    height_m double precision,
    compound_code text,
    geom public.geometry(Geometry,4326) NOT NULL,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    geom_3857 public.geometry(Geometry,3857) GENERATED ALWAYS AS (public.st_forcepolygoncw(public.st_transform(geom, 3857))) STORED,
    row_no integer,
    gone_run_id bigint,
    min_zoom smallint GENERATED ALWAYS AS (
CASE
    WHEN ((public.st_area(geom) * cos(radians(public.st_ymin((geom)::public.box3d)))) >= (((1500)::numeric / (111319.49079327358 ^ (2)::numeric)))::double precision) THEN 12
    WHEN ((public.st_area(geom) * cos(radians(public.st_ymin((geom)::public.box3d)))) >= (((300)::numeric / (111319.49079327358 ^ (2)::numeric)))::double precision) THEN 13
    ELSE 14
END) STORED
);
ALTER TABLE ONLY public.building FORCE ROW LEVEL SECURITY;
ALTER TABLE public.building OWNER TO commandcenter_owner;
ALTER TABLE public.building ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.building_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.camera (
    id bigint NOT NULL,
    code text,
    name text NOT NULL,
    name_en text,
    address text,
    shape text NOT NULL,
    ptz_type integer,
    industry_code text,
    point_class integer,
    azimuth_deg double precision,
    azimuth_source text,
    hfov_deg double precision,
    max_view_distance_m double precision,
    focal_mm double precision,
    width_px integer,
    mount text,
    mount_height_m double precision,
    place_kind text,
    owner text,
    status text NOT NULL,
    status_at timestamp with time zone,
    installed_on date,
    min_zoom smallint DEFAULT '14'::smallint NOT NULL,
    geom public.geometry(Point,4326) NOT NULL,
    geom_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    sector_3857 public.geometry(Polygon,3857),
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT azimuth_is_a_bearing CHECK (((azimuth_deg >= (0)::double precision) AND (azimuth_deg < (360)::double precision))),
    CONSTRAINT hfov_is_an_angle CHECK (((hfov_deg > (0)::double precision) AND (hfov_deg <= (360)::double precision))),
    CONSTRAINT shape_is_known CHECK ((shape = ANY (ARRAY['bullet'::text, 'dome'::text, 'ptz'::text, 'panoramic'::text, 'unknown'::text]))),
    CONSTRAINT status_is_known CHECK ((status = ANY (ARRAY['working'::text, 'faulty'::text, 'unknown'::text])))
);
ALTER TABLE ONLY public.camera FORCE ROW LEVEL SECURITY;
ALTER TABLE public.camera OWNER TO commandcenter_owner;
ALTER TABLE public.camera ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.camera_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.case_category (
    code_system text NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    major_code text NOT NULL,
    major text NOT NULL,
    major_en text,
    minor text NOT NULL,
    minor_en text,
    local boolean DEFAULT false NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['component'::text, 'event'::text, 'grid'::text, 'hotline'::text, 'enforcement'::text])))
);
ALTER TABLE ONLY public.case_category FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_category OWNER TO commandcenter_owner;
CREATE TABLE public.case_contact (
    case_id bigint NOT NULL,
    name text,
    phone_sealed bytea,
    phone_last4 text,
    phone_mark text,
    wants_reply boolean DEFAULT false NOT NULL,
    erased_at timestamp with time zone
);
ALTER TABLE ONLY public.case_contact FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_contact OWNER TO commandcenter_owner;
CREATE TABLE public.case_event (
    case_id bigint NOT NULL,
    seq integer NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    axis text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    reason text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    changes jsonb DEFAULT '{}'::jsonb NOT NULL,
    former jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT actor_is_named CHECK ((actor <> ''::text)),
    CONSTRAINT seq_counts_up CHECK ((seq > 0))
);
ALTER TABLE ONLY public.case_event FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_event OWNER TO commandcenter_owner;
CREATE TABLE public.case_key (
    actor text NOT NULL,
    key text NOT NULL,
    case_id bigint,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT key_is_short CHECK (((char_length(key) >= 8) AND (char_length(key) <= 80)))
);
ALTER TABLE ONLY public.case_key FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_key OWNER TO commandcenter_owner;
CREATE TABLE public.case_move (
    action text NOT NULL,
    sources text[] NOT NULL,
    target text NOT NULL,
    permission text NOT NULL,
    axis text NOT NULL,
    kinds text[] NOT NULL,
    apart text[] NOT NULL,
    needs_reason boolean NOT NULL,
    asks text,
    asked text
);
ALTER TABLE ONLY public.case_move FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_move OWNER TO commandcenter_owner;
CREATE TABLE public.case_note (
    id bigint NOT NULL,
    case_id bigint NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    said text,
    erased_at timestamp with time zone,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['comment'::text, 'description'::text, 'outcome'::text, 'reply'::text])))
);
ALTER TABLE ONLY public.case_note FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_note OWNER TO commandcenter_owner;
ALTER TABLE public.case_note ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.case_note_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.case_number (
    prefix text NOT NULL,
    last integer NOT NULL
);
ALTER TABLE ONLY public.case_number FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_number OWNER TO commandcenter_owner;
CREATE TABLE public.case_standard (
    id bigint NOT NULL,
    code_system text NOT NULL,
    kind text NOT NULL,
    category_code text NOT NULL,
    "position" integer NOT NULL,
    condition text NOT NULL,
    condition_en text,
    close_condition text,
    close_condition_en text,
    limit_value numeric,
    limit_unit text,
    area_class text,
    handler text,
    competent text,
    note text,
    source text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['component'::text, 'event'::text, 'grid'::text, 'hotline'::text, 'enforcement'::text]))),
    CONSTRAINT limit_is_whole CHECK ((((limit_value IS NULL) = (limit_unit IS NULL)) AND (limit_value > (0)::numeric))),
    CONSTRAINT limit_unit_is_known CHECK ((limit_unit = ANY (ARRAY['uh'::text, 'ud'::text, 'wh'::text, 'wd'::text])))
);
ALTER TABLE ONLY public.case_standard FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_standard OWNER TO commandcenter_owner;
ALTER TABLE public.case_standard ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.case_standard_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.case_state (
    code text NOT NULL,
    stage text NOT NULL,
    is_open boolean NOT NULL,
    clock text NOT NULL
);
ALTER TABLE ONLY public.case_state FORCE ROW LEVEL SECURITY;
ALTER TABLE public.case_state OWNER TO commandcenter_owner;
CREATE TABLE public.cases (
    id bigint NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    category_code text,
    category_system text,
    major text NOT NULL,
    minor text NOT NULL,
    major_en text,
    minor_en text,
    description text,
    origin text NOT NULL,
    state text NOT NULL,
    is_open boolean NOT NULL,
    address text,
    department text,
    component_code text,
    limit_text text,
    reported_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    due_at timestamp with time zone,
    closed_at timestamp with time zone,
    born_grid_code text,
    geom public.geometry(Point,4326) NOT NULL,
    geom_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    version integer DEFAULT 0 NOT NULL,
    state_since timestamp with time zone,
    state_before text,
    stage_due_at timestamp with time zone,
    standard_id bigint,
    limit_value numeric,
    limit_unit text,
    calendar text,
    clock text DEFAULT 'source'::text NOT NULL,
    used_s bigint,
    warn_at timestamp with time zone,
    outer_due_at timestamp with time zone,
    is_late boolean DEFAULT false NOT NULL,
    late_exempt boolean DEFAULT false NOT NULL,
    holder text,
    worker text,
    asks text,
    extended integer DEFAULT 0 NOT NULL,
    reworked integer DEFAULT 0 NOT NULL,
    returned integer DEFAULT 0 NOT NULL,
    urged integer DEFAULT 0 NOT NULL,
    supervised boolean DEFAULT false NOT NULL,
    level text,
    merged_into bigint,
    parent_id bigint,
    first_seen_at timestamp with time zone,
    first_act_at timestamp with time zone,
    CONSTRAINT clock_is_known CHECK ((clock = ANY (ARRAY['source'::text, 'early'::text, 'run'::text, 'hold'::text, 'suspended'::text, 'end'::text]))),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['component'::text, 'event'::text, 'grid'::text, 'hotline'::text, 'enforcement'::text]))),
    CONSTRAINT level_is_known CHECK ((level = ANY (ARRAY['grid'::text, 'community'::text, 'street'::text, 'district'::text]))),
    CONSTRAINT limit_unit_is_known CHECK ((limit_unit = ANY (ARRAY['uh'::text, 'ud'::text, 'wh'::text, 'wd'::text]))),
    CONSTRAINT not_its_own_parent CHECK (((parent_id <> id) AND (merged_into <> id)))
);
ALTER TABLE ONLY public.cases FORCE ROW LEVEL SECURITY;
ALTER TABLE public.cases OWNER TO commandcenter_owner;
ALTER TABLE public.cases ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cases_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.centre_kind (
    centre text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT centre_is_known CHECK ((centre = ANY (ARRAY['emergency'::text, 'grid'::text, 'urban'::text]))),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['component'::text, 'event'::text, 'grid'::text, 'hotline'::text, 'enforcement'::text])))
);
ALTER TABLE ONLY public.centre_kind FORCE ROW LEVEL SECURITY;
ALTER TABLE public.centre_kind OWNER TO commandcenter_owner;
CREATE TABLE public.city (
    key text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    code text NOT NULL,
    metric_srid integer NOT NULL,
    time_zone text NOT NULL,
    centre_lon double precision NOT NULL,
    centre_lat double precision NOT NULL,
    synthetic boolean NOT NULL,
    settings jsonb NOT NULL
);
ALTER TABLE ONLY public.city FORCE ROW LEVEL SECURITY;
ALTER TABLE public.city OWNER TO commandcenter_owner;
CREATE TABLE public.code_system (
    code text NOT NULL,
    title text NOT NULL,
    title_en text NOT NULL,
    source text NOT NULL,
    valid_from date NOT NULL,
    valid_to date
);
ALTER TABLE ONLY public.code_system FORCE ROW LEVEL SECURITY;
ALTER TABLE public.code_system OWNER TO commandcenter_owner;
CREATE TABLE public.component (
    id bigint NOT NULL,
    code text,
    code_system text,
    major_code text NOT NULL,
    minor_code text NOT NULL,
    class_name text NOT NULL,
    class_name_en text,
    name text,
    state text NOT NULL,
    department text,
    owner text,
    surveyed_on date,
    min_zoom smallint DEFAULT '15'::smallint NOT NULL,
    geom public.geometry(Point,4326) NOT NULL,
    geom_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['intact'::text, 'damaged'::text, 'missing'::text, 'abandoned'::text, 'unknown'::text])))
);
ALTER TABLE ONLY public.component FORCE ROW LEVEL SECURITY;
ALTER TABLE public.component OWNER TO commandcenter_owner;
ALTER TABLE public.component ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.component_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.compound (
    id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    name_en text,
    address text,
    households integer,
    built_year integer,
    property_company text,
    geom public.geometry(Polygon,4326) NOT NULL,
    geom_3857 public.geometry(Polygon,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    label_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_pointonsurface(public.st_transform(geom, 3857))) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint
);
ALTER TABLE ONLY public.compound FORCE ROW LEVEL SECURITY;
ALTER TABLE public.compound OWNER TO commandcenter_owner;
ALTER TABLE public.compound ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.compound_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.correction (
    id bigint NOT NULL,
    source text NOT NULL,
    raw_hash text NOT NULL,
    changes jsonb DEFAULT '{}'::jsonb NOT NULL,
    accept_repair boolean DEFAULT false NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.correction FORCE ROW LEVEL SECURITY;
ALTER TABLE public.correction OWNER TO commandcenter_owner;
ALTER TABLE public.correction ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.correction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.department (
    code text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL,
    area_code text,
    duty_phone text,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['department'::text, 'brigade'::text, 'street'::text, 'community'::text, 'company'::text])))
);
ALTER TABLE ONLY public.department FORCE ROW LEVEL SECURITY;
ALTER TABLE public.department OWNER TO commandcenter_owner;
CREATE TABLE public.department_member (
    account_id bigint NOT NULL,
    department_code text NOT NULL,
    valid_from timestamp with time zone DEFAULT now() NOT NULL,
    valid_to timestamp with time zone,
    made_by text NOT NULL
);
ALTER TABLE ONLY public.department_member FORCE ROW LEVEL SECURITY;
ALTER TABLE public.department_member OWNER TO commandcenter_owner;
CREATE TABLE public.division_code (
    id bigint NOT NULL,
    code text NOT NULL,
    code_system text NOT NULL,
    as_of date NOT NULL,
    level text NOT NULL,
    name text NOT NULL,
    name_en text,
    parent_code text,
    urban_rural_class text,
    is_virtual boolean DEFAULT false NOT NULL,
    source_key text NOT NULL,
    row_hash text,
    row_no integer,
    gone_run_id bigint,
    source text NOT NULL,
    run_id bigint,
    CONSTRAINT level_is_known CHECK ((level = ANY (ARRAY['province'::text, 'city'::text, 'district'::text, 'street'::text, 'community'::text])))
);
ALTER TABLE ONLY public.division_code FORCE ROW LEVEL SECURITY;
ALTER TABLE public.division_code OWNER TO commandcenter_owner;
ALTER TABLE public.division_code ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.division_code_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.grid (
    id bigint NOT NULL,
    plan_id bigint NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    code_system text NOT NULL,
    name text NOT NULL,
    name_en text,
    district_code text,
    street_code text,
    community_code text,
    households integer NOT NULL,
    persons integer,
    households_estimated boolean NOT NULL,
    area_m2 double precision NOT NULL,
    open_cases integer DEFAULT 0 NOT NULL,
    overdue_cases integer DEFAULT 0 NOT NULL,
    cameras integer DEFAULT 0 NOT NULL,
    cameras_working integer DEFAULT 0 NOT NULL,
    counted_at timestamp with time zone,
    geom_metric public.geometry(Polygon) NOT NULL,
    geom public.geometry(Polygon,4326) NOT NULL,
    geom_3857 public.geometry(Polygon,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    geom_3857_mid public.geometry(Polygon,3857),
    geom_3857_low public.geometry(Polygon,3857),
    label_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_pointonsurface(public.st_transform(geom, 3857))) STORED,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT geom_metric_has_srid CHECK ((public.st_srid(geom_metric) <> 0)),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['basic'::text, 'micro'::text, 'special'::text, 'village'::text])))
);
ALTER TABLE ONLY public.grid FORCE ROW LEVEL SECURITY;
ALTER TABLE public.grid OWNER TO commandcenter_owner;
ALTER TABLE public.grid ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.grid_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.grid_plan (
    id bigint NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    title_en text NOT NULL,
    status text NOT NULL,
    rule text NOT NULL,
    valid_from timestamp with time zone,
    valid_to timestamp with time zone,
    CONSTRAINT status_is_known CHECK ((status = ANY (ARRAY['draft'::text, 'in_review'::text, 'published'::text, 'retired'::text])))
);
ALTER TABLE ONLY public.grid_plan FORCE ROW LEVEL SECURITY;
ALTER TABLE public.grid_plan OWNER TO commandcenter_owner;
ALTER TABLE public.grid_plan ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.grid_plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.role (
    code text NOT NULL,
    title text NOT NULL,
    title_en text NOT NULL,
    permissions text[] NOT NULL,
    sensitive boolean DEFAULT false NOT NULL,
    "position" integer NOT NULL
);
ALTER TABLE ONLY public.role FORCE ROW LEVEL SECURITY;
ALTER TABLE public.role OWNER TO commandcenter_owner;
CREATE VIEW public.held_role WITH (security_invoker='true', security_barrier='true') AS
 SELECT p.id,
    p.account_id,
    p.role_code,
    p.centre,
    p.area_code,
    p.grid_code,
    r.permissions,
    r.sensitive
   FROM (public.appointment p
     JOIN public.role r ON ((r.code = p.role_code)))
  WHERE ((p.state = 'active'::text) AND (p.valid_from <= now()) AND ((p.valid_to IS NULL) OR (p.valid_to > now())));
ALTER TABLE public.held_role OWNER TO commandcenter_owner;
CREATE TABLE public.household (
    id bigint NOT NULL,
    building_id bigint NOT NULL,
    unit text,
    kind text NOT NULL,
    persons integer NOT NULL,
    counted_on date NOT NULL,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source text NOT NULL,
    source_key text NOT NULL,
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['resident'::text, 'registered'::text, 'vacant'::text]))),
    CONSTRAINT persons_are_counted CHECK ((persons >= 0))
);
ALTER TABLE ONLY public.household FORCE ROW LEVEL SECURITY;
ALTER TABLE public.household OWNER TO commandcenter_owner;
CREATE TABLE public.household_count (
    id bigint NOT NULL,
    building_id bigint,
    resident integer NOT NULL,
    registered integer,
    vacant integer,
    persons integer,
    estimated boolean NOT NULL,
    counted_on date NOT NULL,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint
);
ALTER TABLE ONLY public.household_count FORCE ROW LEVEL SECURITY;
ALTER TABLE public.household_count OWNER TO commandcenter_owner;
ALTER TABLE public.household_count ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.household_count_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.household ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.household_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.identity_return (
    digest bytea NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.identity_return FORCE ROW LEVEL SECURITY;
ALTER TABLE public.identity_return OWNER TO commandcenter_owner;
CREATE TABLE public.ingest_before (
    run_id bigint NOT NULL,
    target text NOT NULL,
    row_id bigint NOT NULL,
    was jsonb NOT NULL
);
ALTER TABLE ONLY public.ingest_before FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_before OWNER TO commandcenter_owner;
CREATE TABLE public.ingest_finding (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    line text NOT NULL,
    source_key text,
    field text,
    rule text NOT NULL,
    sentence text NOT NULL,
    sentence_en text NOT NULL,
    geom_before public.geometry(Geometry,4326),
    geom_after public.geometry(Geometry,4326)
);
ALTER TABLE ONLY public.ingest_finding FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_finding OWNER TO commandcenter_owner;
ALTER TABLE public.ingest_finding ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ingest_finding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ingest_preview (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    line text NOT NULL,
    source_key text NOT NULL,
    geom public.geometry(Geometry,4326) NOT NULL
);
ALTER TABLE ONLY public.ingest_preview FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_preview OWNER TO commandcenter_owner;
ALTER TABLE public.ingest_preview ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ingest_preview_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ingest_raw (
    run_id bigint NOT NULL,
    block integer NOT NULL,
    body bytea NOT NULL
);
ALTER TABLE ONLY public.ingest_raw FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_raw OWNER TO commandcenter_owner;
CREATE TABLE public.ingest_run (
    id bigint NOT NULL,
    source text NOT NULL,
    mapping text NOT NULL,
    file_name text NOT NULL,
    file_sha256 text NOT NULL,
    status text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    rows_read bigint DEFAULT '0'::bigint NOT NULL,
    loaded bigint DEFAULT '0'::bigint NOT NULL,
    unchanged bigint DEFAULT '0'::bigint NOT NULL,
    quarantined bigint DEFAULT '0'::bigint NOT NULL,
    message text,
    mapping_sha256 text,
    kind text DEFAULT 'load'::text NOT NULL,
    file_bytes bigint,
    upload_id bigint,
    actor text,
    step text,
    progress bigint DEFAULT '0'::bigint NOT NULL,
    cancel_requested boolean DEFAULT false NOT NULL,
    vanished bigint DEFAULT '0'::bigint NOT NULL,
    repaired bigint DEFAULT '0'::bigint NOT NULL,
    findings bigint DEFAULT '0'::bigint NOT NULL,
    by_rule jsonb DEFAULT '{}'::jsonb NOT NULL,
    conversion jsonb DEFAULT '{}'::jsonb NOT NULL,
    message_en text,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    CONSTRAINT every_row_is_accounted_for CHECK ((rows_read = ((loaded + unchanged) + quarantined))),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['load'::text, 'dry_run'::text, 'correction'::text]))),
    CONSTRAINT status_is_known CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text, 'broken'::text, 'withdrawn'::text])))
);
ALTER TABLE ONLY public.ingest_run FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_run OWNER TO commandcenter_owner;
ALTER TABLE public.ingest_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ingest_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.key_site (
    id bigint NOT NULL,
    code text,
    legal_class text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_en text,
    address text,
    geom public.geometry(Geometry,4326) NOT NULL,
    geom_3857 public.geometry(Geometry,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    label_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_pointonsurface(public.st_transform(geom, 3857))) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint
);
ALTER TABLE ONLY public.key_site FORCE ROW LEVEL SECURITY;
ALTER TABLE public.key_site OWNER TO commandcenter_owner;
ALTER TABLE public.key_site ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.key_site_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.layer_change (
    id bigint NOT NULL,
    table_name text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE ONLY public.layer_change FORCE ROW LEVEL SECURITY;
ALTER TABLE public.layer_change OWNER TO commandcenter_owner;
ALTER TABLE public.layer_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.layer_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.mapping_version (
    sha256 text NOT NULL,
    name text NOT NULL,
    body text NOT NULL,
    first_used_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.mapping_version FORCE ROW LEVEL SECURITY;
ALTER TABLE public.mapping_version OWNER TO commandcenter_owner;
CREATE TABLE public.person (
    ref text NOT NULL,
    household_id bigint NOT NULL,
    role text,
    born integer,
    state text DEFAULT 'present'::text NOT NULL,
    entered_at timestamp with time zone DEFAULT now() NOT NULL,
    erased_at timestamp with time zone,
    erased_mark text,
    CONSTRAINT born_is_a_year CHECK (((born >= 1850) AND (born < 2200))),
    CONSTRAINT ref_is_a_reference CHECK ((ref ~ '^P[0-9A-Z]{12}$'::text)),
    CONSTRAINT role_is_known CHECK ((role = ANY (ARRAY['head'::text, 'spouse'::text, 'child'::text, 'parent'::text, 'other'::text]))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['present'::text, 'away'::text, 'erased'::text]))),
    CONSTRAINT tombstone_tells_nothing CHECK (
CASE
    WHEN (state = 'erased'::text) THEN ((erased_at IS NOT NULL) AND (erased_mark IS NOT NULL) AND (role IS NULL) AND (born IS NULL))
    ELSE ((erased_at IS NULL) AND (erased_mark IS NULL))
END)
);
ALTER TABLE ONLY public.person FORCE ROW LEVEL SECURITY;
ALTER TABLE public.person OWNER TO commandcenter_owner;
CREATE TABLE public.person_private (
    ref text NOT NULL,
    name text NOT NULL,
    phone text,
    id_sealed bytea,
    id_last4 text,
    mark text NOT NULL
);
ALTER TABLE ONLY public.person_private FORCE ROW LEVEL SECURITY;
ALTER TABLE public.person_private OWNER TO commandcenter_owner;
CREATE TABLE public.quarantine (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    line text NOT NULL,
    field text,
    rule text NOT NULL,
    sentence text NOT NULL,
    sentence_en text NOT NULL,
    raw text NOT NULL,
    source_key text,
    raw_hash text,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    shape text,
    geom public.geometry(Geometry,4326),
    proposal public.geometry(Geometry,4326),
    state text DEFAULT 'open'::text NOT NULL,
    settled_run_id bigint,
    settled_at timestamp with time zone,
    settled_by text,
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text, 'superseded'::text, 'dismissed'::text])))
);
ALTER TABLE ONLY public.quarantine FORCE ROW LEVEL SECURITY;
ALTER TABLE public.quarantine OWNER TO commandcenter_owner;
ALTER TABLE public.quarantine ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.recovery_code (
    account_id bigint NOT NULL,
    digest bytea NOT NULL,
    used_at timestamp with time zone
);
ALTER TABLE ONLY public.recovery_code FORCE ROW LEVEL SECURITY;
ALTER TABLE public.recovery_code OWNER TO commandcenter_owner;
ALTER TABLE public.search_doc ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.search_doc_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.search_gram (
    gram text NOT NULL,
    public boolean NOT NULL,
    rank smallint NOT NULL,
    doc_id bigint NOT NULL
);
ALTER TABLE ONLY public.search_gram FORCE ROW LEVEL SECURITY;
ALTER TABLE public.search_gram OWNER TO commandcenter_owner;
CREATE TABLE public.service_point (
    id bigint NOT NULL,
    code text,
    class text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_en text,
    address text,
    opening_hours text,
    services text[] DEFAULT '{}'::text[] NOT NULL,
    phone text,
    floor_area_m2 double precision,
    min_zoom smallint DEFAULT '13'::smallint NOT NULL,
    geom public.geometry(Point,4326) NOT NULL,
    geom_3857 public.geometry(Point,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    district_code text,
    street_code text,
    community_code text,
    grid_code text,
    unit_cell_code text,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint,
    CONSTRAINT class_is_known CHECK ((class = ANY (ARRAY['public'::text, 'welfare'::text, 'social'::text, 'market'::text])))
);
ALTER TABLE ONLY public.service_point FORCE ROW LEVEL SECURITY;
ALTER TABLE public.service_point OWNER TO commandcenter_owner;
ALTER TABLE public.service_point ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.service_point_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.sign_in (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    digest bytea NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    address text NOT NULL,
    agent text NOT NULL,
    strong_at timestamp with time zone
);
ALTER TABLE ONLY public.sign_in FORCE ROW LEVEL SECURITY;
ALTER TABLE public.sign_in OWNER TO commandcenter_owner;
ALTER TABLE public.sign_in ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sign_in_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.source (
    name text NOT NULL,
    target text NOT NULL,
    title text NOT NULL,
    title_en text NOT NULL,
    owner text NOT NULL,
    licence text NOT NULL,
    attribution text NOT NULL,
    cadence_s bigint,
    synthetic boolean DEFAULT false NOT NULL,
    estimated boolean DEFAULT false NOT NULL,
    data_as_of timestamp with time zone,
    last_good_run_at timestamp with time zone,
    row_count bigint DEFAULT '0'::bigint NOT NULL,
    contract jsonb DEFAULT '{}'::jsonb NOT NULL
);
ALTER TABLE ONLY public.source FORCE ROW LEVEL SECURITY;
ALTER TABLE public.source OWNER TO commandcenter_owner;
CREATE TABLE public.stage_limit (
    stage text NOT NULL,
    kind text NOT NULL,
    limit_value numeric NOT NULL,
    limit_unit text NOT NULL,
    source text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT limit_is_above_nought CHECK ((limit_value > (0)::numeric)),
    CONSTRAINT limit_unit_is_known CHECK ((limit_unit = ANY (ARRAY['uh'::text, 'ud'::text, 'wh'::text, 'wd'::text])))
);
ALTER TABLE ONLY public.stage_limit FORCE ROW LEVEL SECURITY;
ALTER TABLE public.stage_limit OWNER TO commandcenter_owner;
CREATE TABLE public.token (
    id bigint NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    digest bytea,
    code_digest bytea,
    code_until timestamp with time zone,
    permissions text[] DEFAULT '{read}'::text[] NOT NULL,
    area_code text,
    grid_code text,
    centre text,
    networks cidr[] DEFAULT '{}'::cidr[] NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    ends_at timestamp with time zone,
    used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    settled_at timestamp with time zone,
    settled_by text,
    CONSTRAINT centre_is_known CHECK ((centre = ANY (ARRAY['emergency'::text, 'grid'::text, 'urban'::text]))),
    CONSTRAINT keys_end CHECK (((kind = 'device'::text) OR ((ends_at IS NOT NULL) AND (ends_at <= (created_at + '400 days'::interval))))),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['device'::text, 'key'::text]))),
    CONSTRAINT machines_look CHECK (((permissions <@ '{read}'::text[]) AND (cardinality(permissions) > 0))),
    CONSTRAINT one_place CHECK (((area_code IS NULL) OR (grid_code IS NULL))),
    CONSTRAINT state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'revoked'::text])))
);
ALTER TABLE ONLY public.token FORCE ROW LEVEL SECURITY;
ALTER TABLE public.token OWNER TO commandcenter_owner;
ALTER TABLE public.token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.track (
    id bigint NOT NULL,
    code text,
    name text,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    point_count integer,
    geom public.geometry(Geometry,4326) NOT NULL,
    source_key text NOT NULL,
    row_hash text,
    row_no integer,
    gone_run_id bigint,
    source text NOT NULL,
    run_id bigint
);
ALTER TABLE ONLY public.track FORCE ROW LEVEL SECURITY;
ALTER TABLE public.track OWNER TO commandcenter_owner;
ALTER TABLE public.track ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.track_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.unit_cell (
    id bigint NOT NULL,
    code text NOT NULL,
    code_system text NOT NULL,
    district_code text,
    street_code text,
    community_code text,
    land_use text,
    area_m2 double precision NOT NULL,
    geom public.geometry(Polygon,4326) NOT NULL,
    geom_3857 public.geometry(Polygon,3857) GENERATED ALWAYS AS (public.st_transform(geom, 3857)) STORED,
    source_key text NOT NULL,
    row_hash text,
    source text NOT NULL,
    run_id bigint,
    row_no integer,
    gone_run_id bigint
);
ALTER TABLE ONLY public.unit_cell FORCE ROW LEVEL SECURITY;
ALTER TABLE public.unit_cell OWNER TO commandcenter_owner;
ALTER TABLE public.unit_cell ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.unit_cell_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.upload (
    id bigint NOT NULL,
    file_name text NOT NULL,
    stored_as text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.upload FORCE ROW LEVEL SECURITY;
ALTER TABLE public.upload OWNER TO commandcenter_owner;
ALTER TABLE public.upload ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.upload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.work_calendar (
    version text NOT NULL,
    title text NOT NULL,
    title_en text NOT NULL,
    office_hours text NOT NULL,
    source text NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    in_force boolean DEFAULT false NOT NULL
);
ALTER TABLE ONLY public.work_calendar FORCE ROW LEVEL SECURITY;
ALTER TABLE public.work_calendar OWNER TO commandcenter_owner;
CREATE TABLE public.work_day (
    version text NOT NULL,
    day date NOT NULL,
    is_workday boolean NOT NULL,
    name text,
    name_en text
);
ALTER TABLE ONLY public.work_day FORCE ROW LEVEL SECURITY;
ALTER TABLE public.work_day OWNER TO commandcenter_owner;
ALTER TABLE ONLY public.audit_event ATTACH PARTITION audit.event_default DEFAULT;
ALTER TABLE ONLY jobs.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY jobs.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('jobs.procrastinate_periodic_defers_id_seq'::regclass);
ALTER TABLE ONLY public.audit_event ALTER COLUMN id SET DEFAULT nextval('public.audit_event_id'::regclass);
ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (id, at);
ALTER TABLE ONLY audit.event_default
    ADD CONSTRAINT event_default_pkey PRIMARY KEY (id, at);
ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY jobs.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_account_id_key UNIQUE (account_id);
ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_pkey PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_name_key UNIQUE (name);
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.address
    ADD CONSTRAINT address_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_code_key UNIQUE (code);
ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.audit_chain
    ADD CONSTRAINT audit_chain_event_id_event_at_key UNIQUE (event_id, event_at);
ALTER TABLE ONLY public.audit_chain
    ADD CONSTRAINT audit_chain_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.audit_checkpoint
    ADD CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_waiting
    ADD CONSTRAINT audit_waiting_pkey PRIMARY KEY (event_id, event_at);
ALTER TABLE ONLY public.base_feature
    ADD CONSTRAINT base_feature_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.base_feature
    ADD CONSTRAINT base_feature_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.break_glass
    ADD CONSTRAINT break_glass_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.building
    ADD CONSTRAINT building_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.building
    ADD CONSTRAINT building_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.camera
    ADD CONSTRAINT camera_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.camera
    ADD CONSTRAINT camera_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.case_category
    ADD CONSTRAINT case_category_pkey PRIMARY KEY (code_system, kind, code, valid_from);
ALTER TABLE ONLY public.case_contact
    ADD CONSTRAINT case_contact_pkey PRIMARY KEY (case_id);
ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_pkey PRIMARY KEY (case_id, seq);
ALTER TABLE ONLY public.case_key
    ADD CONSTRAINT case_key_pkey PRIMARY KEY (actor, key);
ALTER TABLE ONLY public.case_move
    ADD CONSTRAINT case_move_pkey PRIMARY KEY (action);
ALTER TABLE ONLY public.case_note
    ADD CONSTRAINT case_note_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.case_number
    ADD CONSTRAINT case_number_pkey PRIMARY KEY (prefix);
ALTER TABLE ONLY public.case_standard
    ADD CONSTRAINT case_standard_code_system_kind_category_code_position_valid_key UNIQUE (code_system, kind, category_code, "position", valid_from);
ALTER TABLE ONLY public.case_standard
    ADD CONSTRAINT case_standard_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.case_state
    ADD CONSTRAINT case_state_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.centre_kind
    ADD CONSTRAINT centre_kind_pkey PRIMARY KEY (centre, kind);
ALTER TABLE ONLY public.city
    ADD CONSTRAINT city_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.code_system
    ADD CONSTRAINT code_system_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.compound
    ADD CONSTRAINT compound_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.compound
    ADD CONSTRAINT compound_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT correction_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT correction_source_raw_hash_key UNIQUE (source, raw_hash);
ALTER TABLE ONLY public.department_member
    ADD CONSTRAINT department_member_pkey PRIMARY KEY (account_id, department_code, valid_from);
ALTER TABLE ONLY public.department
    ADD CONSTRAINT department_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.division_code
    ADD CONSTRAINT division_code_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.division_code
    ADD CONSTRAINT division_code_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.grid
    ADD CONSTRAINT grid_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.grid_plan
    ADD CONSTRAINT grid_plan_code_key UNIQUE (code);
ALTER TABLE ONLY public.grid
    ADD CONSTRAINT grid_plan_id_kind_code_key UNIQUE (plan_id, kind, code);
ALTER TABLE ONLY public.grid_plan
    ADD CONSTRAINT grid_plan_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.grid
    ADD CONSTRAINT grid_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.household_count
    ADD CONSTRAINT household_count_building_id_key UNIQUE (building_id);
ALTER TABLE ONLY public.household_count
    ADD CONSTRAINT household_count_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.household_count
    ADD CONSTRAINT household_count_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.household
    ADD CONSTRAINT household_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.household
    ADD CONSTRAINT household_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.identity_return
    ADD CONSTRAINT identity_return_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.ingest_before
    ADD CONSTRAINT ingest_before_pkey PRIMARY KEY (run_id, target, row_id);
ALTER TABLE ONLY public.ingest_finding
    ADD CONSTRAINT ingest_finding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingest_preview
    ADD CONSTRAINT ingest_preview_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ingest_raw
    ADD CONSTRAINT ingest_raw_pkey PRIMARY KEY (run_id, block);
ALTER TABLE ONLY public.ingest_run
    ADD CONSTRAINT ingest_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.key_site
    ADD CONSTRAINT key_site_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.key_site
    ADD CONSTRAINT key_site_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.layer_change
    ADD CONSTRAINT layer_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.mapping_version
    ADD CONSTRAINT mapping_version_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (ref);
ALTER TABLE ONLY public.person_private
    ADD CONSTRAINT person_private_pkey PRIMARY KEY (ref);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, digest);
ALTER TABLE ONLY public.role
    ADD CONSTRAINT role_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.search_doc
    ADD CONSTRAINT search_doc_layer_ref_id_key UNIQUE (layer, ref_id);
ALTER TABLE ONLY public.search_doc
    ADD CONSTRAINT search_doc_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.search_gram
    ADD CONSTRAINT search_gram_pkey PRIMARY KEY (gram, public, rank, doc_id);
ALTER TABLE ONLY public.service_point
    ADD CONSTRAINT service_point_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.service_point
    ADD CONSTRAINT service_point_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.sign_in
    ADD CONSTRAINT sign_in_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.sign_in
    ADD CONSTRAINT sign_in_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.stage_limit
    ADD CONSTRAINT stage_limit_pkey PRIMARY KEY (stage, kind, valid_from);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.unit_cell
    ADD CONSTRAINT unit_cell_code_system_code_key UNIQUE (code_system, code);
ALTER TABLE ONLY public.unit_cell
    ADD CONSTRAINT unit_cell_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.unit_cell
    ADD CONSTRAINT unit_cell_source_source_key_key UNIQUE (source, source_key);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.work_calendar
    ADD CONSTRAINT work_calendar_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.work_day
    ADD CONSTRAINT work_day_pkey PRIMARY KEY (version, day);
CREATE INDEX audit_event_actor ON ONLY public.audit_event USING btree (actor, at);
CREATE INDEX event_default_actor_at_idx ON audit.event_default USING btree (actor, at);
CREATE INDEX audit_event_at ON ONLY public.audit_event USING btree (at);
CREATE INDEX event_default_at_idx ON audit.event_default USING btree (at);
CREATE INDEX audit_event_subject ON ONLY public.audit_event USING btree (subject_table, subject_key);
CREATE INDEX event_default_subject_table_subject_key_idx ON audit.event_default USING btree (subject_table, subject_key);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON jobs.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::jobs.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON jobs.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON jobs.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::jobs.procrastinate_job_status, 'doing'::jobs.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON jobs.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON jobs.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON jobs.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::jobs.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON jobs.procrastinate_periodic_defers USING btree (job_id);
CREATE INDEX address_geom_3857 ON public.address USING gist (geom_3857);
CREATE INDEX appointment_account ON public.appointment USING btree (account_id);
CREATE INDEX area_geom ON public.area USING gist (geom);
CREATE INDEX area_geom_3857 ON public.area USING gist (geom_3857);
CREATE INDEX area_parent ON public.area USING btree (parent_code);
CREATE INDEX base_feature_geom_3857 ON public.base_feature USING gist (theme, geom_3857);
CREATE INDEX base_feature_label_3857 ON public.base_feature USING gist (label_3857) WHERE (label_3857 IS NOT NULL);
CREATE INDEX break_glass_account ON public.break_glass USING btree (account_id, begun_at);
CREATE INDEX building_far ON public.building USING gist (geom_3857) WHERE (min_zoom <= 12);
CREATE INDEX building_geom_3857 ON public.building USING gist (geom_3857);
CREATE INDEX camera_geom_3857 ON public.camera USING gist (geom_3857);
CREATE INDEX camera_grid ON public.camera USING btree (grid_code);
CREATE INDEX camera_sector ON public.camera USING gist (sector_3857);
CREATE INDEX camera_status ON public.camera USING btree (status) INCLUDE (district_code, street_code, community_code, grid_code, gone_run_id);
CREATE INDEX case_contact_mark ON public.case_contact USING btree (phone_mark) WHERE (phone_mark IS NOT NULL);
CREATE INDEX case_event_actor ON public.case_event USING btree (actor, at);
CREATE INDEX case_note_case ON public.case_note USING btree (case_id);
CREATE INDEX case_standard_category ON public.case_standard USING btree (code_system, kind, category_code);
CREATE INDEX cases_closed ON public.cases USING btree (closed_at) INCLUDE (due_at, kind, district_code, street_code, community_code, grid_code, gone_run_id) WHERE (closed_at IS NOT NULL);
CREATE INDEX cases_geom_3857 ON public.cases USING gist (geom_3857);
CREATE INDEX cases_holder ON public.cases USING btree (holder, state) WHERE is_open;
CREATE INDEX cases_merged ON public.cases USING btree (merged_into) WHERE (merged_into IS NOT NULL);
CREATE INDEX cases_number ON public.cases USING btree (number);
CREATE INDEX cases_open_due ON public.cases USING btree (due_at) INCLUDE (kind, started_at, district_code, street_code, community_code, grid_code, gone_run_id) WHERE is_open;
CREATE INDEX cases_open_geom_3857 ON public.cases USING gist (geom_3857) WHERE is_open;
CREATE INDEX cases_open_grid ON public.cases USING btree (grid_code) WHERE is_open;
CREATE INDEX cases_parent ON public.cases USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX cases_reported ON public.cases USING btree (reported_at) INCLUDE (kind, district_code, street_code, community_code, grid_code, gone_run_id);
CREATE INDEX cases_worker ON public.cases USING btree (worker) WHERE (is_open AND (worker IS NOT NULL));
CREATE INDEX component_geom_3857 ON public.component USING gist (geom_3857);
CREATE INDEX component_state ON public.component USING btree (state) INCLUDE (district_code, street_code, community_code, grid_code, gone_run_id);
CREATE INDEX compound_geom_3857 ON public.compound USING gist (geom_3857);
CREATE INDEX division_code_code ON public.division_code USING btree (code, code_system);
CREATE INDEX grid_geom ON public.grid USING gist (geom);
CREATE INDEX grid_geom_3857 ON public.grid USING gist (geom_3857);
CREATE INDEX grid_of_plan ON public.grid USING btree (plan_id, kind, households) INCLUDE (district_code, street_code, community_code, code, gone_run_id);
CREATE INDEX household_building ON public.household USING btree (building_id);
CREATE INDEX household_count_grid ON public.household_count USING btree (grid_code);
CREATE INDEX household_count_place ON public.household_count USING btree (district_code, street_code, community_code);
CREATE INDEX household_count_resident ON public.household_count USING btree (resident) INCLUDE (district_code, street_code, community_code, grid_code, gone_run_id);
CREATE INDEX ingest_finding_run ON public.ingest_finding USING btree (run_id, rule);
CREATE INDEX ingest_preview_run ON public.ingest_preview USING btree (run_id);
CREATE INDEX ingest_run_source ON public.ingest_run USING btree (source, id);
CREATE INDEX key_site_geom_3857 ON public.key_site USING gist (geom_3857);
CREATE INDEX layer_change_table ON public.layer_change USING btree (table_name, id);
CREATE INDEX person_erased ON public.person USING btree (erased_mark) WHERE (erased_mark IS NOT NULL);
CREATE INDEX person_household ON public.person USING btree (household_id);
CREATE INDEX quarantine_open ON public.quarantine USING btree (run_id, rule) WHERE (state = 'open'::text);
CREATE INDEX quarantine_run ON public.quarantine USING btree (run_id, line);
CREATE INDEX search_doc_code ON public.search_doc USING btree (code text_pattern_ops);
CREATE INDEX search_doc_community ON public.search_doc USING btree (community_code);
CREATE INDEX search_doc_grid ON public.search_doc USING btree (grid_code);
CREATE INDEX search_doc_street ON public.search_doc USING btree (street_code);
CREATE INDEX service_point_geom_3857 ON public.service_point USING gist (geom_3857);
CREATE INDEX sign_in_account ON public.sign_in USING btree (account_id) WHERE (ended_at IS NULL);
CREATE INDEX track_geom ON public.track USING gist (geom);
CREATE INDEX unit_cell_geom ON public.unit_cell USING gist (geom);
CREATE INDEX unit_cell_geom_3857 ON public.unit_cell USING gist (geom_3857);
CREATE UNIQUE INDEX work_calendar_in_force ON public.work_calendar USING btree (in_force) WHERE in_force;
ALTER INDEX public.audit_event_actor ATTACH PARTITION audit.event_default_actor_at_idx;
ALTER INDEX public.audit_event_at ATTACH PARTITION audit.event_default_at_idx;
ALTER INDEX public.audit_event_pkey ATTACH PARTITION audit.event_default_pkey;
ALTER INDEX public.audit_event_subject ATTACH PARTITION audit.event_default_subject_table_subject_key_idx;
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON audit.event_default FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON jobs.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::jobs.procrastinate_job_status))) EXECUTE FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON jobs.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::jobs.procrastinate_job_status)) EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON jobs.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.address REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.area REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.base_feature REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.building REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.camera REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.cases REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.component REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.compound REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.division_code REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.grid REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.household_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.key_site REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.service_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.track REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_insert AFTER INSERT ON public.unit_cell REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.address REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.area REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.base_feature REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.building REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.camera REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.cases REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.component REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.compound REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.division_code REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.grid REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.household_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.key_site REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.service_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.track REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER known_origin_update AFTER UPDATE ON public.unit_cell REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.known_origin();
CREATE TRIGGER leaves_by_retention BEFORE DELETE ON public.audit_chain FOR EACH ROW EXECUTE FUNCTION public.audit_link_stays();
CREATE TRIGGER leaves_when_sealed BEFORE DELETE ON public.audit_waiting FOR EACH ROW EXECUTE FUNCTION public.audit_waits_until_sealed();
CREATE TRIGGER note_delete AFTER DELETE ON public.address REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.area REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.base_feature REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.building REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.camera REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.cases REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.component REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.compound REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.grid REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.household_count REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.key_site REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.service_point REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_delete AFTER DELETE ON public.unit_cell REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.address REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.area REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.base_feature REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.building REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.camera REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.cases REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.component REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.compound REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.grid REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.household_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.key_site REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.service_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_insert AFTER INSERT ON public.unit_cell REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.address REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.area REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.base_feature REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.building REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.camera REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.cases REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.component REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.compound REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.grid REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.household_count REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.key_site REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.service_point REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER note_update AFTER UPDATE ON public.unit_cell REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.note_layer_change();
CREATE TRIGGER origin_stays_delete BEFORE DELETE ON public.ingest_run FOR EACH ROW EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER origin_stays_delete BEFORE DELETE ON public.source FOR EACH ROW EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER origin_stays_rename BEFORE UPDATE ON public.ingest_run FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER origin_stays_rename BEFORE UPDATE ON public.source FOR EACH ROW WHEN ((old.name <> new.name)) EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER origin_stays_truncate BEFORE TRUNCATE ON public.ingest_run FOR EACH STATEMENT EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER origin_stays_truncate BEFORE TRUNCATE ON public.source FOR EACH STATEMENT EXECUTE FUNCTION public.origin_stays();
CREATE TRIGGER set_sector BEFORE INSERT OR UPDATE ON public.camera FOR EACH ROW EXECUTE FUNCTION public.set_camera_sector();
CREATE TRIGGER stays BEFORE UPDATE ON public.audit_chain FOR EACH ROW EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON public.audit_checkpoint FOR EACH ROW EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON public.audit_event FOR EACH ROW EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays BEFORE UPDATE ON public.audit_waiting FOR EACH ROW EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays BEFORE DELETE OR UPDATE ON public.case_event FOR EACH ROW EXECUTE FUNCTION public.case_log_stays();
CREATE TRIGGER stays_the_engines BEFORE UPDATE ON public.cases FOR EACH ROW WHEN ((old.version > 0)) EXECUTE FUNCTION public.case_stays_the_engines();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON public.audit_chain FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON public.audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON public.audit_waiting FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();
CREATE TRIGGER stays_whole BEFORE TRUNCATE ON public.case_event FOR EACH STATEMENT EXECUTE FUNCTION public.case_log_stays();
CREATE TRIGGER takes_effect BEFORE INSERT ON public.case_event FOR EACH ROW EXECUTE FUNCTION public.case_event_takes_effect();
CREATE TRIGGER waits_for_its_seal AFTER INSERT ON public.audit_event FOR EACH ROW EXECUTE FUNCTION public.audit_note_waiting();
ALTER TABLE ONLY jobs.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY jobs.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES jobs.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY jobs.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs.procrastinate_jobs(id);
ALTER TABLE ONLY public.account_identity
    ADD CONSTRAINT account_identity_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.appointment
    ADD CONSTRAINT appointment_role_code_fkey FOREIGN KEY (role_code) REFERENCES public.role(code);
ALTER TABLE ONLY public.area
    ADD CONSTRAINT area_parent_code_fkey FOREIGN KEY (parent_code) REFERENCES public.area(code);
ALTER TABLE ONLY public.break_glass
    ADD CONSTRAINT break_glass_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.case_category
    ADD CONSTRAINT case_category_code_system_fkey FOREIGN KEY (code_system) REFERENCES public.code_system(code);
ALTER TABLE ONLY public.case_contact
    ADD CONSTRAINT case_contact_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_action_fkey FOREIGN KEY (action) REFERENCES public.case_move(action);
ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.case_event
    ADD CONSTRAINT case_event_to_state_fkey FOREIGN KEY (to_state) REFERENCES public.case_state(code);
ALTER TABLE ONLY public.case_key
    ADD CONSTRAINT case_key_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.case_note
    ADD CONSTRAINT case_note_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.case_standard
    ADD CONSTRAINT case_standard_code_system_fkey FOREIGN KEY (code_system) REFERENCES public.code_system(code);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_calendar_fkey FOREIGN KEY (calendar) REFERENCES public.work_calendar(version);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_holder_fkey FOREIGN KEY (holder) REFERENCES public.department(code);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.cases(id);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_standard_id_fkey FOREIGN KEY (standard_id) REFERENCES public.case_standard(id);
ALTER TABLE ONLY public.correction
    ADD CONSTRAINT correction_source_fkey FOREIGN KEY (source) REFERENCES public.source(name);
ALTER TABLE ONLY public.department_member
    ADD CONSTRAINT department_member_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.department_member
    ADD CONSTRAINT department_member_department_code_fkey FOREIGN KEY (department_code) REFERENCES public.department(code);
ALTER TABLE ONLY public.grid
    ADD CONSTRAINT grid_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES public.grid_plan(id);
ALTER TABLE ONLY public.household
    ADD CONSTRAINT household_building_id_fkey FOREIGN KEY (building_id) REFERENCES public.building(id);
ALTER TABLE ONLY public.household_count
    ADD CONSTRAINT household_count_building_id_fkey FOREIGN KEY (building_id) REFERENCES public.building(id);
ALTER TABLE ONLY public.household
    ADD CONSTRAINT household_source_fkey FOREIGN KEY (source) REFERENCES public.source(name);
ALTER TABLE ONLY public.ingest_before
    ADD CONSTRAINT ingest_before_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.ingest_finding
    ADD CONSTRAINT ingest_finding_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.ingest_preview
    ADD CONSTRAINT ingest_preview_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.ingest_raw
    ADD CONSTRAINT ingest_raw_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.ingest_run
    ADD CONSTRAINT ingest_run_mapping_sha256_fkey FOREIGN KEY (mapping_sha256) REFERENCES public.mapping_version(sha256);
ALTER TABLE ONLY public.ingest_run
    ADD CONSTRAINT ingest_run_source_fkey FOREIGN KEY (source) REFERENCES public.source(name);
ALTER TABLE ONLY public.ingest_run
    ADD CONSTRAINT ingest_run_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(id);
ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_household_id_fkey FOREIGN KEY (household_id) REFERENCES public.household(id);
ALTER TABLE ONLY public.person_private
    ADD CONSTRAINT person_private_ref_fkey FOREIGN KEY (ref) REFERENCES public.person(ref);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_settled_run_id_fkey FOREIGN KEY (settled_run_id) REFERENCES public.ingest_run(id);
ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.sign_in
    ADD CONSTRAINT sign_in_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.account(id);
ALTER TABLE ONLY public.work_day
    ADD CONSTRAINT work_day_version_fkey FOREIGN KEY (version) REFERENCES public.work_calendar(version);
ALTER TABLE audit.event_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.account_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.address ENABLE ROW LEVEL SECURITY;
CREATE POLICY append_as_oneself ON public.case_event FOR INSERT TO commandcenter_app WITH CHECK (((actor = ( SELECT current_setting('commandcenter.actor'::text, true) AS current_setting)) AND (EXISTS ( SELECT
   FROM public.cases c
  WHERE (c.id = case_event.case_id)))));
ALTER TABLE public.appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.area ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_chain ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.audit_waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.base_feature ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.break_glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.building ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_its_functions ON public.account TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.account_identity TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.appointment TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.break_glass TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_contact TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_event TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_key TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_move TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_note TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_number TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.case_state TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.cases TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.centre_kind TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.department_member TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.identity_return TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.person TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.person_private TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.recovery_code TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.role TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.sign_in TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY by_its_functions ON public.token TO commandcenter_owner USING (true) WITH CHECK (true);
ALTER TABLE public.camera ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_category ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_move ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_number ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_standard ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.case_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.centre_kind ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.city ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.code_system ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.component ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.compound ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.correction ENABLE ROW LEVEL SECURITY;
CREATE POLICY counted_by_their_function ON public.household_count FOR SELECT TO commandcenter_owner USING (true);
CREATE POLICY delete_in_jurisdiction ON public.address FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.camera FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.cases FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))) AND (( SELECT (public.actor_case_places() IS NULL)) OR (((kind || '@'::text) || ''::text) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || district_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || street_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || community_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || grid_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[]))))));
CREATE POLICY delete_in_jurisdiction ON public.component FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.compound FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.grid FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.household FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.household_count FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.key_site FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.service_point FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY delete_in_jurisdiction ON public.unit_cell FOR DELETE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])))));
ALTER TABLE public.department ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.department_member ENABLE ROW LEVEL SECURITY;
CREATE POLICY desk_of_functions ON public.source FOR INSERT TO commandcenter_owner WITH CHECK ((name = 'case_desk'::text));
ALTER TABLE public.division_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.grid ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.grid_plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.household ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.household_count ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.identity_return ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_before ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_finding ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_preview ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_raw ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.ingest_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_in_jurisdiction ON public.address FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.camera FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.cases FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))) AND (( SELECT (public.actor_case_places() IS NULL)) OR (((kind || '@'::text) || ''::text) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || district_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || street_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || community_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || grid_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[]))))));
CREATE POLICY insert_in_jurisdiction ON public.component FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.compound FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.grid FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.household FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.household_count FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.key_site FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.service_point FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY insert_in_jurisdiction ON public.unit_cell FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])))));
ALTER TABLE public.key_site ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.layer_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY levels_for_functions ON public.area FOR SELECT TO commandcenter_owner USING (true);
ALTER TABLE public.mapping_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY note_as_oneself ON public.audit_event FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK ((( SELECT public.actor_is_present() AS actor_is_present) AND (actor = ( SELECT current_setting('commandcenter.actor'::text, true) AS current_setting))));
CREATE POLICY notes_of_functions ON public.layer_change FOR INSERT TO commandcenter_owner WITH CHECK (true);
CREATE POLICY owner_seals ON public.audit_chain TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_seals ON public.audit_checkpoint TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_seals ON public.audit_event FOR SELECT TO commandcenter_owner USING (true);
CREATE POLICY owner_seals ON public.audit_waiting TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_searches ON public.search_doc TO commandcenter_owner USING (true) WITH CHECK (true);
CREATE POLICY owner_searches ON public.search_gram TO commandcenter_owner USING (true) WITH CHECK (true);
ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.person_private ENABLE ROW LEVEL SECURITY;
CREATE POLICY places_for_functions ON public.grid FOR SELECT TO commandcenter_owner USING (true);
CREATE POLICY places_for_functions ON public.unit_cell FOR SELECT TO commandcenter_owner USING (true);
ALTER TABLE public.quarantine ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_as_administrator ON public.token FOR SELECT TO commandcenter_app USING ((( SELECT public.actor_may('accounts'::text) AS actor_may) OR ( SELECT public.actor_may('security'::text) AS actor_may)));
CREATE POLICY read_as_an_actor ON public.area FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.base_feature FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.building FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.case_category FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.case_move FOR SELECT TO commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.case_standard FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.case_state FOR SELECT TO commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.centre_kind FOR SELECT TO commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.city FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.code_system FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.department FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.division_code FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.grid_plan FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.ingest_run FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.layer_change FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.mapping_version FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.role FOR SELECT TO commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.source FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.stage_limit FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.work_calendar FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_as_an_actor ON public.work_day FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_is_present() AS actor_is_present));
CREATE POLICY read_in_jurisdiction ON public.address FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.camera FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.cases FOR SELECT TO commandcenter_owner, commandcenter_app USING (((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))) AND (( SELECT (public.actor_case_places() IS NULL)) OR (((kind || '@'::text) || ''::text) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || district_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || street_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || community_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || grid_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])))));
CREATE POLICY read_in_jurisdiction ON public.component FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.compound FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.grid FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.household FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.household_count FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.key_site FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.service_point FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))));
CREATE POLICY read_in_jurisdiction ON public.unit_cell FOR SELECT TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[]))));
CREATE POLICY read_own_or_administer ON public.account FOR SELECT TO commandcenter_app USING (((id = ( SELECT public.actor_account() AS actor_account)) OR ( SELECT public.actor_may('accounts'::text) AS actor_may) OR ( SELECT public.actor_may('security'::text) AS actor_may) OR ( SELECT public.actor_may('audit'::text) AS actor_may)));
CREATE POLICY read_own_or_administer ON public.appointment FOR SELECT TO commandcenter_app USING (((account_id = ( SELECT public.actor_account() AS actor_account)) OR ( SELECT public.actor_may('accounts'::text) AS actor_may) OR ( SELECT public.actor_may('security'::text) AS actor_may)));
CREATE POLICY read_own_or_administer ON public.break_glass FOR SELECT TO commandcenter_app USING (((account_id = ( SELECT public.actor_account() AS actor_account)) OR ( SELECT public.actor_may('security'::text) AS actor_may)));
CREATE POLICY read_own_or_administer ON public.department_member FOR SELECT TO commandcenter_app USING (((account_id = ( SELECT public.actor_account() AS actor_account)) OR ( SELECT public.actor_may('accounts'::text) AS actor_may)));
CREATE POLICY read_own_or_administer ON public.sign_in FOR SELECT TO commandcenter_app USING (((account_id = ( SELECT public.actor_account() AS actor_account)) OR ( SELECT public.actor_may('security'::text) AS actor_may)));
CREATE POLICY read_with_its_case ON public.case_event FOR SELECT TO commandcenter_app USING ((EXISTS ( SELECT
   FROM public.cases c
  WHERE (c.id = case_event.case_id))));
CREATE POLICY read_with_its_case ON public.case_note FOR SELECT TO commandcenter_app USING ((EXISTS ( SELECT
   FROM public.cases c
  WHERE (c.id = case_note.case_id))));
CREATE POLICY read_with_permission ON public.audit_chain FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_may('audit'::text) AS actor_may));
CREATE POLICY read_with_permission ON public.audit_checkpoint FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_may('audit'::text) AS actor_may));
CREATE POLICY read_with_permission ON public.audit_event FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_may('audit'::text) AS actor_may));
CREATE POLICY read_with_permission ON public.audit_waiting FOR SELECT TO commandcenter_owner, commandcenter_app USING (( SELECT public.actor_may('audit'::text) AS actor_may));
ALTER TABLE public.recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.role ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.search_doc ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.search_gram ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.service_point ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sign_in ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.source ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.stage_limit ENABLE ROW LEVEL SECURITY;
CREATE POLICY standing ON public.address AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.area AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.base_feature AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.building AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.camera AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.cases AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.component AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.compound AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.division_code AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.grid AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.household_count AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.key_site AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.service_point AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.track AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
CREATE POLICY standing ON public.unit_cell AS RESTRICTIVE FOR SELECT TO commandcenter_owner, commandcenter_app USING (((gone_run_id IS NULL) OR ( SELECT public.actor_sees_gone() AS actor_sees_gone)));
ALTER TABLE public.token ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.track ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.unit_cell ENABLE ROW LEVEL SECURITY;
CREATE POLICY update_in_jurisdiction ON public.address FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.camera FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.cases FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))) AND (( SELECT (public.actor_case_places() IS NULL)) OR (((kind || '@'::text) || ''::text) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || district_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || street_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || community_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || grid_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))) AND (( SELECT (public.actor_case_places() IS NULL)) OR (((kind || '@'::text) || ''::text) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || district_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || street_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || community_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[])) OR (((kind || '@'::text) || grid_code) = ANY (( SELECT public.actor_case_places() AS actor_case_places)::text[]))))));
CREATE POLICY update_in_jurisdiction ON public.component FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.compound FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.grid FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.household FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.household_count FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.key_site FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.service_point FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])) OR (grid_code = ANY (( SELECT public.actor_grids() AS actor_grids)::text[])))));
CREATE POLICY update_in_jurisdiction ON public.unit_cell FOR UPDATE TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[]))))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND (( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) OR (district_code = ANY (( SELECT public.actor_districts() AS actor_districts)::text[])) OR (street_code = ANY (( SELECT public.actor_streets() AS actor_streets)::text[])) OR (community_code = ANY (( SELECT public.actor_communities() AS actor_communities)::text[])))));
ALTER TABLE public.upload ENABLE ROW LEVEL SECURITY;
CREATE POLICY whole_city_only ON public.correction TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.ingest_before TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.ingest_finding TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.ingest_preview TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.ingest_raw TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.quarantine TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY whole_city_only ON public.track TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
CREATE POLICY whole_city_only ON public.upload TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write))) WITH CHECK ((( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city) AND ( SELECT public.actor_may_write() AS actor_may_write)));
ALTER TABLE public.work_calendar ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.work_day ENABLE ROW LEVEL SECURITY;
CREATE POLICY write_for_whole_city ON public.area TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.base_feature TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.building TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.case_category TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.case_standard TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.city TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.code_system TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.department TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.division_code TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.grid_plan TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.ingest_run TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.layer_change TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.mapping_version TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.source TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.stage_limit TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.work_calendar TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY write_for_whole_city ON public.work_day TO commandcenter_owner, commandcenter_app USING ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city))) WITH CHECK ((( SELECT public.actor_may_write() AS actor_may_write) AND ( SELECT public.actor_sees_whole_city() AS actor_sees_whole_city)));
CREATE POLICY writers_note_changes ON public.layer_change FOR INSERT TO commandcenter_owner, commandcenter_app WITH CHECK (( SELECT public.actor_may_write() AS actor_may_write));
GRANT USAGE ON SCHEMA jobs TO commandcenter_app;
GRANT ALL ON SCHEMA public TO commandcenter_owner;
GRANT USAGE ON SCHEMA public TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_defer_jobs_v1(jobs jobs.procrastinate_job_to_defer_v1[]) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_jobs TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_finish_job_v1(job_id bigint, end_status jobs.procrastinate_job_status, delete_job boolean) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_notify_queue_abort_job_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_notify_queue_job_inserted_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_register_worker_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_abort_requested_events_procedure_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_scheduled_events_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_insert_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_trigger_function_status_events_update_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_unlink_periodic_defers_v1() TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_unregister_worker_v1(worker_id bigint) TO commandcenter_app;
GRANT ALL ON FUNCTION jobs.procrastinate_update_heartbeat_v1(worker_id bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_actor(of_account bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_actor(of_account bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_as_appointed(of_account bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_as_appointed(of_account bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_disable(of_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_disable(of_name text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, grid_of text, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_propose(new_name text, new_title text, hash text, role_of text, centre_of text, area_of text, grid_of text, until timestamp with time zone) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_reset(of_name text, hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_reset(of_name text, hash text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.account_settle(of_account bigint, approved boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.account_settle(of_account bigint, approved boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.actor_account() FROM PUBLIC;
GRANT ALL ON FUNCTION public.actor_account() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.actor_departments() FROM PUBLIC;
GRANT ALL ON FUNCTION public.actor_departments() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.actor_title(of_actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.actor_title(of_actor text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.analyze_loaded_tables() FROM PUBLIC;
GRANT ALL ON FUNCTION public.analyze_loaded_tables() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.any_account() FROM PUBLIC;
GRANT ALL ON FUNCTION public.any_account() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.appointment_end(of_appointment bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_end(of_appointment bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.appointment_map(of_account bigint, role_of text, centre_of text, area_of text, grid_of text, opens boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.appointment_propose(of_name text, role_of text, centre_of text, area_of text, grid_of text, since timestamp with time zone, until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_propose(of_name text, role_of text, centre_of text, area_of text, grid_of text, since timestamp with time zone, until timestamp with time zone) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.appointment_settle(of_appointment bigint, approved boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.appointment_settle(of_appointment bigint, approved boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.appointments_unmap(of_account bigint, wanted jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.audit_close_month(month regclass) FROM PUBLIC;
GRANT SELECT ON TABLE public.audit_checkpoint TO commandcenter_app;
REVOKE ALL ON FUNCTION public.audit_forget(keep_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.audit_forget(keep_days integer) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.audit_make_months(ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.audit_make_months(ahead integer) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.audit_note_waiting() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.audit_seal(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.audit_seal(most integer) TO commandcenter_app;
GRANT SELECT ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(actor) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(door) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(act) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(subject_table) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(subject_key) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(reason) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(detail) ON TABLE public.audit_event TO commandcenter_app;
GRANT INSERT(address) ON TABLE public.audit_event TO commandcenter_app;
REVOKE ALL ON FUNCTION public.break_glass_begin(said_reason text, minutes integer, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.break_glass_begin(said_reason text, minutes integer, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.break_glass_end(of_glass bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.break_glass_end(of_glass bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.break_glass_report(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.break_glass_report(most integer) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.break_glass_running(of_account bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.break_glass_running(of_account bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.break_glass_see(of_glass bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.break_glass_see(of_glass bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.case_contact_look(of_case bigint, by_door text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.case_contact_look(of_case bigint, by_door text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.case_event_takes_effect() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.case_findable(of_case bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.case_note_keep(of_case bigint, of_seq integer, of_kind text, words text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.case_note_keep(of_case bigint, of_seq integer, of_kind text, words text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.case_number_next(area text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.case_report(said jsonb, said_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.case_report(said jsonb, said_key text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.case_unfindable(of_case bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.city_is_synthetic() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.demo_accounts_make(posts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.demo_accounts_make(posts jsonb) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.demo_entries() FROM PUBLIC;
GRANT ALL ON FUNCTION public.demo_entries() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.department_join(of_account bigint, code text, joins boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.department_join(of_account bigint, code text, joins boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.department_people(code text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.department_people(code text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_confirm(token_digest bytea, step bigint, codes bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_confirm(token_digest bytea, step bigint, codes bytea[]) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_failed(token_digest bytea, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_failed(token_digest bytea, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_offer(token_digest bytea, sealed bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_offer(token_digest bytea, sealed bytea) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_pass(token_digest bytea, step bigint, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_pass(token_digest bytea, step bigint, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_recover(token_digest bytea, code_digest bytea, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_recover(token_digest bytea, code_digest bytea, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_try(token_digest bytea, most integer, lock_for interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_try(token_digest bytea, most integer, lock_for interval) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.factor_waiting(token_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.factor_waiting(token_digest bytea) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.first_administrators(hashes text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.first_administrators(hashes text[]) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.household_look(of_household bigint, by_door text, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.household_look(of_household bigint, by_door text, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.households_of(of_building bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.households_of(of_building bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.identity_arrived(of_issuer text, of_subject text, names text[], new_title text, wanted jsonb, opens boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.identity_arrived(of_issuer text, of_subject text, names text[], new_title text, wanted jsonb, opens boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.identity_failed(of_account bigint, why text, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.identity_failed(of_account bigint, why text, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.identity_returns(return_digest bytea, keep interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.identity_returns(return_digest bytea, keep interval) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.mapping_unknown(roles text[], areas text[], grids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mapping_unknown(roles text[], areas text[], grids text[]) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.need_not_last(of_account bigint, of_appointment bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.need_place(area_of text, grid_of text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.note_account(did text, of_account bigint, more jsonb, from_address text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.note_break_glass(of_glass bigint, more jsonb, why text, from_address text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.note_people(did text, by_door text, of_table text, of_key text, why text, more jsonb, from_address text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.note_token(did text, of_token bigint, more jsonb, from_address text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.own_password_hash() FROM PUBLIC;
GRANT ALL ON FUNCTION public.own_password_hash() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.password_change(hash text, keep bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.password_change(hash text, keep bytea) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.people_counts(of_code text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.people_counts(of_code text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.people_enter(of_source text, delivered jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.people_enter(of_source text, delivered jsonb) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.person_erase(of_ref text, why text, by_door text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.person_erase(of_ref text, why text, by_door text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.person_of_mark(of_mark text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.person_of_mark(of_mark text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.person_reveal(of_household bigint, of_ref text, why text, by_door text, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.person_reveal(of_household bigint, of_ref text, why text, by_door text, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.place_of(at public.geometry) FROM PUBLIC;
GRANT ALL ON FUNCTION public.place_of(at public.geometry) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.place_path(of_code text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.place_scope(area_of text, grid_of text, centre_of text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.recovery_codes_left() FROM PUBLIC;
GRANT ALL ON FUNCTION public.recovery_codes_left() TO commandcenter_app;
REVOKE ALL ON FUNCTION public.search_city(phrase text, wanted integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_city(phrase text, wanted integer) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.search_forget(which text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.search_learn(which text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_learn(which text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_in_actor(token_digest bytea, idle interval, attended boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_in_actor(token_digest bytea, idle interval, attended boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text, strong boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_in_begin(of_account bigint, token_digest bytea, lasts interval, from_address text, by_agent text, strong boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_in_end(token_digest bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_in_end(token_digest bytea) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_in_failed(said_name text, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_in_failed(said_name text, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_in_try(said_name text, most integer, lock_for interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_in_try(said_name text, most integer, lock_for interval) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.sign_ins_end(but_not bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sign_ins_end(but_not bytea) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.signed_in_account(token_digest bytea, strongly boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.signed_in_account(token_digest bytea, strongly boolean) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_actor(token_digest bytea, of_kind text, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_actor(token_digest bytea, of_kind text, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_code(of_token bigint, new_code bytea, lasts interval) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_code(of_token bigint, new_code bytea, lasts interval) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_end(of_token bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_end(of_token bigint) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_propose(of_kind text, new_title text, token_digest bytea, area_of text, grid_of text, centre_of text, from_networks cidr[], until timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_propose(of_kind text, new_title text, token_digest bytea, area_of text, grid_of text, centre_of text, from_networks cidr[], until timestamp with time zone) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_redeem(said_code bytea, new_digest bytea, from_address text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_redeem(said_code bytea, new_digest bytea, from_address text) TO commandcenter_app;
REVOKE ALL ON FUNCTION public.token_settle(of_token bigint, approved boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.token_settle(of_token bigint, approved boolean) TO commandcenter_app;
GRANT USAGE ON SEQUENCE public.audit_event_id TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_events TO commandcenter_app;
GRANT SELECT,USAGE ON SEQUENCE jobs.procrastinate_events_id_seq TO commandcenter_app;
GRANT SELECT,USAGE ON SEQUENCE jobs.procrastinate_jobs_id_seq TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_periodic_defers TO commandcenter_app;
GRANT SELECT,USAGE ON SEQUENCE jobs.procrastinate_periodic_defers_id_seq TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE jobs.procrastinate_workers TO commandcenter_app;
GRANT SELECT,USAGE ON SEQUENCE jobs.procrastinate_workers_id_seq TO commandcenter_app;
GRANT SELECT(id) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(name) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(title) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(state) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(must_change) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(locked_until) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(created_at) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(created_by) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(settled_at) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(settled_by) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(totp_at) ON TABLE public.account TO commandcenter_app;
GRANT SELECT(by_identity) ON TABLE public.account TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.address TO commandcenter_app;
GRANT SELECT ON TABLE public.alembic_version TO commandcenter_app;
GRANT SELECT ON TABLE public.appointment TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.area TO commandcenter_app;
GRANT SELECT ON TABLE public.audit_chain TO commandcenter_app;
GRANT SELECT ON TABLE public.audit_waiting TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.base_feature TO commandcenter_app;
GRANT SELECT ON TABLE public.break_glass TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.building TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.camera TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.case_category TO commandcenter_app;
GRANT SELECT ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(case_id) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(seq) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(actor) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(action) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(axis) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(from_state) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(to_state) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(reason) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(detail) ON TABLE public.case_event TO commandcenter_app;
GRANT INSERT(changes) ON TABLE public.case_event TO commandcenter_app;
GRANT SELECT ON TABLE public.case_move TO commandcenter_app;
GRANT SELECT ON TABLE public.case_note TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.case_standard TO commandcenter_app;
GRANT SELECT ON TABLE public.case_state TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cases TO commandcenter_app;
GRANT SELECT ON TABLE public.centre_kind TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.city TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.code_system TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.component TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.compound TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.correction TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.department TO commandcenter_app;
GRANT SELECT ON TABLE public.department_member TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.division_code TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.grid TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.grid_plan TO commandcenter_app;
GRANT SELECT ON TABLE public.role TO commandcenter_app;
GRANT SELECT(id) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(building_id) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(kind) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(persons) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(counted_on) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(district_code),UPDATE(district_code) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(street_code),UPDATE(street_code) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(community_code),UPDATE(community_code) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(grid_code),UPDATE(grid_code) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(unit_cell_code),UPDATE(unit_cell_code) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(source) ON TABLE public.household TO commandcenter_app;
GRANT SELECT(source_key) ON TABLE public.household TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.household_count TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ingest_before TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ingest_finding TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ingest_preview TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ingest_raw TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ingest_run TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.key_site TO commandcenter_app;
GRANT SELECT,INSERT ON TABLE public.layer_change TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mapping_version TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.quarantine TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.service_point TO commandcenter_app;
GRANT SELECT(id) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(account_id) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(at) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(seen_at) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(ends_at) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(ended_at) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(address) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(agent) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT(strong_at) ON TABLE public.sign_in TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.source TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.stage_limit TO commandcenter_app;
GRANT SELECT(id) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(kind) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(title) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(code_until) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(permissions) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(area_code) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(grid_code) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(centre) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(networks) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(state) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(ends_at) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(used_at) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(created_at) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(created_by) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(settled_at) ON TABLE public.token TO commandcenter_app;
GRANT SELECT(settled_by) ON TABLE public.token TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.track TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.unit_cell TO commandcenter_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.upload TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.work_calendar TO commandcenter_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.work_day TO commandcenter_app;
