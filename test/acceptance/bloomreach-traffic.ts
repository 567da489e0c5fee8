import assert from 'node:assert/strict';
import { demoProject } from '../support/demo-project.ts';
import type { Random } from '../support/random.ts';
import { bloomreach, type Target } from '../support/requests.ts';

/**
 * Random identity traffic of Bloomreach clients: ids that are shared, stolen and merged, alone and in arrays, more soft ids
 * than a customer may have, in requests of every form. And what the contract makes of it (2.6), as a model of its own.
 */

/** The types of ids of the project, hard ones in the order in which they count. */
export const types = {
  hard: ['registered', 'email_id'],
  soft: ['cookie', 'google_analytics'],
} as const;
type HardType = (typeof types.hard)[number];
type SoftType = (typeof types.soft)[number];

export interface CustomerNames {
  readonly users: readonly string[];
  /** Values of the second hard type; none: nobody names ids of the two further types. */
  readonly emails: readonly string[];
  /** Soft ids that everybody shares. */
  readonly cookies: readonly string[];
  /** Soft ids that come in large arrays, more than a customer keeps. */
  readonly many: readonly string[];
}

/** Who did something: the `n`th of all. */
export interface Step {
  readonly n: number;
  readonly hard: ReadonlyMap<HardType, string>;
  readonly soft: ReadonlyMap<SoftType, readonly string[]>;
}

/** The type of every event of a step. */
export const seenEvent = 'seen';

const attempts = 200;

export function randomStep(n: number, names: CustomerNames, random: Random): Step {
  const { users, emails, cookies, many } = names;
  const hard = new Map<HardType, string>();
  const soft = new Map<SoftType, readonly string[]>();
  const isWide = emails.length > 0;
  // Mostly of the same user, who gets more than he can keep; the others take some of them away.
  const isLarge = random.chance(0.07);
  if (isLarge) hard.set('registered', random.chance(0.8) ? (users[0] as string) : random.pick(users));
  else if (random.chance(0.15)) hard.set('registered', random.pick(users));
  // Two that are named together often contradict one another.
  if (isWide && random.chance(hard.size > 0 ? 0.4 : 0.1)) hard.set('email_id', random.pick(emails));
  const pick = (least: number) => {
    const count = isLarge ? random.between(20, 40) : random.between(least, 3);
    const pool = isLarge ? many : cookies;
    return [...new Set(Array.from({ length: count }, () => random.pick(pool)))];
  };
  const type = isWide && random.chance(0.4) ? 'google_analytics' : 'cookie';
  soft.set(type, pick(hard.size === 0 ? 1 : 0));
  if (isWide && !isLarge && random.chance(0.2))
    soft.set(type === 'cookie' ? 'google_analytics' : 'cookie', pick(0));
  return { n, hard, soft };
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
function idsOf({ hard, soft }: Step, random: Random): object {
  const ids = new Map<string, unknown>();
  for (const [type, id] of hard) {
    const value = /^\d+$/.test(id) && random.chance(0.5) ? Number(id) : id;
    ids.set(type, random.chance(0.2) ? [value] : value);
  }
  for (const [type, list] of soft) {
    if (list.length > 0) ids.set(type, list.length === 1 && random.chance(0.5) ? list[0] : list);
  }
  if (random.chance(0.1)) {
    ids.set('unknown_type', 'x');
    if (!hard.has('registered')) ids.set('registered', null);
  }
  // The order in which a client names them means nothing.
  return Object.fromEntries(random.chance(0.5) ? ids : [...ids].reverse());
}

// --- What the contract makes of it ----------------------------------------------------------------------------------

/** A customer of the model. */
export interface Customer {
  /** The step that created him. */
  readonly born: number;
  readonly hard: Map<HardType, string>;
  /** In the order of their last use. */
  readonly soft: Map<SoftType, string[]>;
  /** The steps that are his. */
  steps: number[];
  merges: number;
}

const softIdsMax = 64;

/** The rules 1 to 5 of contract 2.6, on steps in the order in which they were applied. */
export class Customers {
  readonly all = new Set<Customer>();
  thefts = 0;
  evictions = 0;
  /** Hard ids that were named and are somebody else's, or given to nobody since the customer has another one. */
  clashes = 0;

  do(step: Step, born: number): void {
    const { same, names } = this.#meant(step);
    let target = oldest(same);
    if (target === undefined) {
      target = { born, hard: new Map(), soft: new Map(), steps: [], merges: 0 };
      this.all.add(target);
    }
    for (const part of same) if (part !== target) this.#merge(target, part);
    // Rule 5.
    if (same.length > 1) target.merges += 1;
    for (const type of types.soft) this.#useSoft(target, type, step.soft.get(type) ?? []);
    for (const [type, id] of names) target.hard.set(type, id);
    for (const [type, id] of step.hard) if (target.hard.get(type) !== id) this.clashes += 1;
    target.steps.push(step.n);
  }

  /**
   * Rule 2, whoever has another id of a hard type is somebody else: those whom the hard ids name, in the order of the types,
   * then those whom the soft ids name, from the oldest on; each is compared with all before.
   */
  #meant({ hard, soft }: Step): { same: Customer[]; names: Map<HardType, string> } {
    const same: Customer[] = [];
    const names = new Map<HardType, string>();
    const join = (customer: Customer) => {
      if ([...customer.hard].some(([type, id]) => (names.get(type) ?? id) !== id)) return;
      for (const [type, id] of customer.hard) names.set(type, id);
      if (!same.includes(customer)) same.push(customer);
    };
    for (const type of types.hard) {
      const id = hard.get(type);
      if (id === undefined) continue;
      const holder = [...this.all].find((it) => it.hard.get(type) === id);
      if (holder !== undefined) join(holder);
      else if (!names.has(type)) names.set(type, id);
    }
    const bySoft = [...this.all].filter((it) =>
      [...soft].some(([type, ids]) => it.soft.get(type)?.some((id) => ids.includes(id))),
    );
    for (const holder of bySoft.sort((a, b) => a.born - b.born)) join(holder);
    return { same, names };
  }

  /** Rule 4: the one created first stays. What the other's ids say about their last use is not known, so they are older. */
  #merge(target: Customer, part: Customer): void {
    this.all.delete(part);
    for (const [type, id] of part.hard) target.hard.set(type, id);
    for (const [type, ids] of part.soft) target.soft.set(type, [...ids, ...(target.soft.get(type) ?? [])]);
    target.steps.push(...part.steps);
    target.merges += part.merges;
  }

  #useSoft(target: Customer, type: SoftType, named: readonly string[]): void {
    use(target, type, named);
    this.#evict(target, type, 0);
    const news = named.filter((it) => !target.soft.get(type)?.includes(it));
    const stolen = news.filter((id) => this.#steal(type, id));
    for (const id of [...stolen, ...news.filter((it) => !stolen.includes(it))]) {
      this.#evict(target, type, 1);
      target.soft.set(type, [...(target.soft.get(type) ?? []), id]);
    }
  }

  /** Rule 3: the soft id changes hands, and nothing else. */
  #steal(type: SoftType, id: string): boolean {
    // By rule 1 it is one at most.
    const holder = [...this.all].find((it) => it.soft.get(type)?.includes(id));
    if (holder === undefined) return false;
    holder.soft.set(
      type,
      (holder.soft.get(type) ?? []).filter((it) => it !== id),
    );
    this.thefts += 1;
    return true;
  }

  #evict(target: Customer, type: SoftType, more: number): void {
    const own = target.soft.get(type) ?? [];
    const tooMany = Math.max(0, own.length + more - softIdsMax);
    target.soft.set(type, own.slice(tooMany));
    this.evictions += tooMany;
  }
}

function oldest(customers: readonly Customer[]): Customer | undefined {
  return customers.toSorted((a, b) => a.born - b.born)[0];
}

function use(target: Customer, type: SoftType, named: readonly string[]): void {
  const own = target.soft.get(type) ?? [];
  const used = named.filter((it) => own.includes(it));
  if (used.length === 0 || own.slice(-used.length).every((it) => used.includes(it))) return;
  target.soft.set(type, [...own.filter((it) => !used.includes(it)), ...used]);
}
