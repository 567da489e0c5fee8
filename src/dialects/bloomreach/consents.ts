import type { Line } from '../../core/line.ts';
import type { Profile } from '../../core/profile.ts';
import { readPages } from '../../engine/history-pages.ts';
import type { History } from '../../engine/store.ts';
import { parseDecimal } from '../../lib/decimal.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { eventsOf } from './data.ts';
import { json, type Reply } from './reply.ts';
import type { KeyedCall, KeyedRoute } from './route.ts';

/** Where a consent may come from; the same for every category (contract 4.6). */
const sources = {
  crm: true,
  import: true,
  list_unsubscribe: true,
  page: true,
  private_api: true,
  public_api: false,
  scenario: true,
  sms_reply: true,
};

/**
 * `consent/categories`: what people of this project may agree to; any key will do, by GET or POST (contract 4.6). In their
 * stream mode SDKs name a stream, and show its token (contract 5.1).
 */
export function consentCategories(scope: 'projects' | 'streams'): KeyedRoute {
  return {
    path: `/data/v2/${scope}/:projectToken/consent/categories`,
    methods: { GET: answerCategories, POST: answerCategories },
    project: 'path',
    ...(scope === 'streams' && { token: 'HS512' }),
  };
}

function answerCategories({ credentials: { project } }: KeyedCall): Reply {
  const { settings } = project;
  const results = settings.consentCategories.map(({ id, name, description, legitimateInterest }) => ({
    id,
    legitimate_interest: legitimateInterest,
    sources,
    translations: { '': { name, description } },
  }));
  return json(200, { success: true, results });
}

/**
 * Which of some categories a customer agrees to at `nowSec`: for each, the latest consent event by time decides, of
 * those of one time the later to arrive (contract 2.4). They are ordinary events, so the history has them, also after a merge.
 */
export async function readConsents(
  profile: Profile,
  categories: ReadonlySet<string>,
  { history, nowSec }: { history: History; nowSec: number },
): Promise<ReadonlySet<string>> {
  const agreed = new Set<string>();
  if (categories.size === 0 || !profile.counters.has('consent')) return agreed;
  const open = new Set(categories);
  const wanted = { ...eventsOf(profile), order: 'desc', events: ['consent'] } as const;
  for await (const page of readPages(history, wanted)) {
    for (const line of page) {
      const params = paramsOf(line);
      const category = params['category'];
      if (typeof category !== 'string' || !open.delete(category)) continue;
      if (isAgreed(params, nowSec)) agreed.add(category);
    }
    if (open.size === 0) break;
  }
  return agreed;
}

function paramsOf(line: Line): JsonObject {
  return line.kind === 'event' ? line.params : {};
}

/** A rejection, an agreement that has ended, and a consent that is none of either count as no agreement (contract 2.4). */
function isAgreed({ action, valid_until: until }: JsonObject, nowSec: number): boolean {
  return action === 'accept' && (until === 'unlimited' || toSeconds(until) > nowSec);
}

function toSeconds(until: Json | undefined): number {
  if (typeof until === 'string') return parseDecimal(until);
  return typeof until === 'number' ? until : Number.NaN;
}
