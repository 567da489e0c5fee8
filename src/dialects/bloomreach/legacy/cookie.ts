import { randomUUID } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { IdTypes } from '../../../core/project/id-types.ts';
import type { Project } from '../../../core/project.ts';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { readCustomerIds } from '../customer-ids.ts';
import { cookieAgeMaxSec } from '../limits.ts';
import { readTimestamp } from '../time.ts';

/** The cookie a visitor is known by, and the header that lets the browser keep it. */
export interface Negotiated {
  readonly value: string;
  readonly setCookie: string;
}

/**
 * Decides which cookie a visitor has (contract 2.8): the one that the page knows; else the one the browser kept for us,
 * which outlives those that scripts may set; else a new one.
 */
export function negotiate(
  data: JsonObject,
  request: { readonly project: Project; readonly cookies: string; readonly receivedMs: number },
): Negotiated {
  const name = `xnpe_${request.project.bloomreachToken}`;
  const { idTypes } = request.project;
  const value =
    usable(data['cookie'], idTypes) ?? usable(parseCookie(request.cookies)[name], idTypes) ?? randomUUID();
  const setCookie = stringifySetCookie({
    name,
    value,
    maxAge: ageOf(data['expires'], request.receivedMs),
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
  });
  return { value, setCookie };
}

function usable(cookie: Json | undefined, types: IdTypes): string | undefined {
  const named = readCustomerIds({ cookie: cookie ?? null }, types);
  return named.problem === undefined ? named.ids[0]?.value : undefined;
}

/** Smaller numbers are durations; this one is a time in 2001. */
const durationEnd = 1e9;

/** Seconds to keep the cookie: a site may want less than the three years, as a duration or as a point in time. */
function ageOf(expires: Json | undefined, nowMs: number): number {
  const given = readTimestamp(expires);
  if (given === null || given === 'invalid') return cookieAgeMaxSec;
  const age = given < durationEnd ? given : given - nowMs / 1000;
  return Math.min(Math.max(0, Math.floor(age)), cookieAgeMaxSec);
}
