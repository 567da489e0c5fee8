import assert from 'node:assert/strict';
import { demoProject } from '../support/demo-project.ts';
import type { Random } from '../support/random.ts';
import { bloomreach, type Target } from '../support/requests.ts';

/**
 * Random identity traffic of Bloomreach clients: ids that are shared, stolen and merged, alone and in arrays, more soft ids
 * than a customer may have, in requests of every form. And what the contract makes of it (2.6), as a model of its own.
 */

export interface CustomerNames {
  readonly users: readonly string[];
  /** Soft ids that everybody shares. */
  readonly cookies: readonly string[];
  /** Soft ids that come in large arrays, more than a customer keeps. */
  readonly many: readonly string[];
}

/** Who did something: the `n`th of all. */
export interface Step {
  readonly n: number;
  readonly user: string | undefined;
  readonly cookies: readonly string[];
}

/** The type of every event of a step. */
export const seenEvent = 'seen';

const attempts = 200;

export function randomStep(n: number, { users, cookies, many }: CustomerNames, random: Random): Step {
  const hasUser = random.chance(0.2);
  // Mostly of the same user, who gets more than he can keep; the others take some of them away.
  const isLarge = hasUser && random.chance(0.4);
  const pool = isLarge ? many : cookies;
  const count = isLarge ? random.between(20, 40) : random.between(hasUser ? 0 : 1, 3);
  const user = isLarge && random.chance(0.8) ? users[0] : random.pick(users);
  return {
    n,
    user: hasUser ? user : undefined,
    cookies: [...new Set(Array.from({ length: count }, () => random.pick(pool)))],
  };
}

/** One client, one request after the other, each with a few of its steps; what is refused for too much load is sent again. */
export async function useClient(server: Target, steps: readonly Step[], random: Random): Promise<void> {
  let rest = steps;
  while (rest.length > 0) {
    const sent = rest.slice(0, random.chance(0.3) ? 1 : random.between(1, 8));
    rest = rest.slice(sent.length);
    const [path, body, count] = request(sent, random);
    for (let attempt = 0; ; attempt++) {
      const answer = await bloomreach(server, path, body, { auth: 'public' });
      if (answer.status === 503 && attempt < attempts) continue;
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.results?.length ?? 1, count);
      for (const { success } of answer.body.results ?? [answer.body])
        assert.equal(success, true, answer.text);
      break;
    }
  }
}

function request(steps: readonly Step[], random: Random): [path: string, body: object, results: number] {
  const { projectToken } = demoProject.bloomreach;
  const isBulk = random.chance(0.25);
  const commands = steps.map((step) => {
    const ids = idsOf(step, random);
    const properties = { n: step.n };
    const isEvent = random.chance(0.7);
    if (isBulk && isEvent) {
      const data = { project_id: projectToken, customer_ids: ids, type: seenEvent, properties };
      return { name: 'crm/events', data };
    }
    if (isBulk) return { name: 'crm/customers', data: { project_id: projectToken, ids, properties } };
    if (isEvent)
      return { name: 'customers/events', data: { customer_ids: ids, event_type: seenEvent, properties } };
    return { name: 'customers', data: { customer_ids: ids, properties } };
  });
  const [only] = commands;
  if (only !== undefined && commands.length === 1 && random.chance(0.7)) {
    return [isBulk ? `/${only.name}` : `/track/v2/projects/{token}/${only.name}`, only.data, 1];
  }
  if (isBulk) return ['/bulk', { commands }, commands.length];
  const path = random.pick(['/track/v2/projects/{token}/batch', '/track/u/v1/batch?stream_id={token}']);
  return [path, { commands }, commands.length];
}

/** The ids as clients write them: one as text or in an array, hard ids that are numbers as such, what is unusable beside. */
function idsOf({ user, cookies }: Step, random: Random): object {
  const hard = user !== undefined && /^\d+$/.test(user) && random.chance(0.5) ? Number(user) : user;
  return {
    ...(user !== undefined && { registered: random.chance(0.2) ? [hard] : hard }),
    ...(cookies.length > 0 && { cookie: cookies.length === 1 && random.chance(0.5) ? cookies[0] : cookies }),
    ...(random.chance(0.1) && { unknown_type: 'x', [user === undefined ? 'registered' : 'other']: null }),
  };
}

// --- What the contract makes of it ----------------------------------------------------------------------------------

/** A customer of the model. */
export interface Customer {
  /** The step that created him. */
  readonly born: number;
  user: string | undefined;
  /** In the order of their last use. */
  cookies: string[];
  /** The steps that are his. */
  steps: number[];
  merges: number;
}

const cookiesMax = 64;

/** The rules 1 to 5 of contract 2.6, on steps in the order in which they were applied. */
export class Customers {
  readonly all = new Set<Customer>();
  thefts = 0;
  evictions = 0;

  do(step: Step, born: number): void {
    const named = this.#holders(step);
    const user = step.user ?? oldest(named.filter((it) => it.user !== undefined))?.user;
    // Rule 2: whoever has another name is somebody else.
    const same = named.filter((it) => (it.user ?? user) === user);
    let target = oldest(same);
    if (target === undefined) {
      target = { born, user: undefined, cookies: [], steps: [], merges: 0 };
      this.all.add(target);
    }
    for (const part of same) if (part !== target) this.#merge(target, part);
    // Rule 5.
    if (same.length > 1) target.merges += 1;
    use(target, step.cookies);
    this.#evict(target, 0);
    const others = new Set(named.filter((it) => it !== target && this.all.has(it)));
    const news = step.cookies.filter((it) => !target.cookies.includes(it));
    const stolen = news.filter((cookie) => this.#steal(cookie, others));
    for (const cookie of [...stolen, ...news.filter((it) => !stolen.includes(it))]) {
      this.#evict(target, 1);
      target.cookies.push(cookie);
    }
    target.user ??= step.user;
    target.steps.push(step.n);
  }

  /** Everybody whom a step names, once, in the order of its ids. By rule 1 an id names one at most. */
  #holders({ user, cookies }: Step): Customer[] {
    const all = [...this.all];
    const byUser = all.filter((it) => user !== undefined && it.user === user);
    const byCookie = cookies.flatMap((cookie) => all.filter((it) => it.cookies.includes(cookie)));
    return [...new Set([...byUser, ...byCookie])];
  }

  /** Rule 4: the one created first stays. What the other's ids say about their last use is not known, so they are older. */
  #merge(target: Customer, part: Customer): void {
    this.all.delete(part);
    target.user ??= part.user;
    target.cookies = [...part.cookies, ...target.cookies];
    target.steps.push(...part.steps);
    target.merges += part.merges;
  }

  /** Rule 3: the soft id changes hands, and nothing else. */
  #steal(cookie: string, others: ReadonlySet<Customer>): boolean {
    for (const other of others) {
      if (!other.cookies.includes(cookie)) continue;
      other.cookies = other.cookies.filter((it) => it !== cookie);
      this.thefts += 1;
      return true;
    }
    return false;
  }

  #evict(target: Customer, more: number): void {
    const tooMany = Math.max(0, target.cookies.length + more - cookiesMax);
    target.cookies = target.cookies.slice(tooMany);
    this.evictions += tooMany;
  }
}

function oldest(customers: readonly Customer[]): Customer | undefined {
  return customers.toSorted((a, b) => a.born - b.born)[0];
}

function use(target: Customer, cookies: readonly string[]): void {
  const used = cookies.filter((it) => target.cookies.includes(it));
  if (used.length === 0 || target.cookies.slice(-used.length).every((it) => used.includes(it))) return;
  target.cookies = [...target.cookies.filter((it) => !used.includes(it)), ...used];
}
