import { aheadSec } from '../../core/limits.ts';

/** Seconds since 1970 as a TIMESTAMP; a time beyond the years 1 to 9999 has none. */
function timestamp(seconds: string): string {
  return `CASE WHEN ${seconds} BETWEEN -62135596800 AND 253402300799 THEN make_timestamp((${seconds} * 1000000)::BIGINT) END`;
}

const identities = `from_json(doc->'$.identities', '["JSON"]')`;

/** The external ids of a kind, from a profile's document. */
function idsOf(kind: string): string {
  const isKind = `lambda it: it->>1 = '${kind}'`;
  return `list_transform(list_filter(${identities}, ${isKind}), lambda it: it->>2)`;
}

/** The ids of a project's further types, by their kinds. */
const otherIds = `to_json(map_from_entries(list_transform(
    list_sort(list_distinct(list_filter(list_transform(${identities}, lambda it: it->>1), lambda kind: kind LIKE '%:%'))),
    lambda kind: {k: kind, v: list_transform(list_filter(${identities}, lambda it: it->>1 = kind), lambda it: it->>2)})))`;

/**
 * The views for people (docs/operating/history.md describes their columns). `lines` is beneath them: all lines, as they
 * are stored. Times are UTC.
 */
export const views = `
CREATE VIEW events AS
SELECT project, id AS event, profile, name, ${timestamp('time')} AS time, make_timestamp(at_ms * 1000) AS received, day,
  value, info, params, session, device, time - at_ms / 1000 > ${aheadSec} AS ahead
FROM lines WHERE kind = 'event';

CREATE VIEW sessions AS
WITH opened AS (
  SELECT project, profile, id AS session, device, time AS start_sec, coalesce(background, false) AS background
  FROM lines WHERE kind = 'session_opened'
), seen AS (
  SELECT session, max(least(time, at_ms / 1000)) FILTER (kind <> 'session_ended' AND NOT coalesce(passive, false)) AS last_sec,
    max(time) FILTER (kind = 'session_ended') AS ended_sec, max(spent) FILTER (kind = 'session_ended') AS spent,
    count(*) FILTER (kind = 'event') AS events
  FROM lines WHERE session IS NOT NULL GROUP BY session
), spans AS (
  SELECT *, coalesce(ended_sec, greatest(start_sec, last_sec)) AS end_sec FROM opened LEFT JOIN seen USING (session)
)
SELECT project, profile, session, device, ${timestamp('start_sec')} AS "start", ${timestamp('end_sec')} AS "end",
  coalesce(spent, end_sec - start_sec) AS seconds, coalesce(events, 0) AS events, background, ended_sec IS NOT NULL AS ended
FROM spans;

CREATE VIEW merges AS
SELECT (doc->>'$.project')::INTEGER AS project, unnest(from_json(doc->'$.parts', '["BIGINT"]')) AS part, id AS profile
FROM profile_documents();

CREATE VIEW profiles AS
SELECT (doc->>'$.project')::INTEGER AS project, id AS profile, ${idsOf('user')}[1] AS user_id,
  ${idsOf('device')} AS device_ids, ${idsOf('cookie')} AS cookie_ids,
  ${otherIds} AS other_ids,
  make_timestamp((doc->>'$.created')::BIGINT * 1000) AS created,
  make_timestamp((doc->>'$.updated')::BIGINT * 1000) AS updated,
  make_timestamp((doc->>'$.active')::BIGINT * 1000) AS last_active,
  (doc->>'$.sessionCount')::BIGINT AS sessions, (doc->>'$.spent')::DOUBLE / 1000 AS seconds,
  to_json(map_from_entries(list_transform(
    list_filter(from_json(doc->'$.attributes', '["JSON"]'), lambda it: it->>1 IS NOT NULL),
    lambda it: {k: it->>0, v: it->1}))) AS attributes,
  to_json(map_from_entries(list_transform(from_json(doc->'$.counters', '["JSON"]'),
    lambda it: {k: it->>0, v: (it->>1)::BIGINT}))) AS event_counts
FROM profile_documents();
`;
