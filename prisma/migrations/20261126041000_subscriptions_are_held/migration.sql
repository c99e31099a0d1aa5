-- What those who write events and those who change subscriptions lock of a tenant. It is no row: sharing one writes it.
CREATE FUNCTION subscriptions_of(tenant uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT hashtextextended('subscriptions of ' || tenant, 0) $$;

-- The endpoints that may want to hear of events of a mission, or of none, held until the transaction ends. In one call:
-- the second statement of a volatile function sees what was committed while the first one waited, at no trip of its own.
CREATE FUNCTION hold_endpoints(of_tenant uuid, of_mission uuid, callback_urls text[])
  RETURNS SETOF "webhook_endpoint" LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(subscriptions_of(of_tenant));
  RETURN QUERY
    SELECT * FROM "webhook_endpoint"
     WHERE "tenant_id" = of_tenant AND ("mission_id" IS NULL OR "mission_id" = of_mission)
       AND (NOT "implicit" OR "url" = ANY (callback_urls));
END $$;
