import { randomUUID } from 'node:crypto';
import type { AnonymizeUser } from '../../core/command.ts';
import type { Outcome } from '../../core/outcome.ts';
import { isHard } from '../../core/profile.ts';
import type { Project } from '../../core/project.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { parseObject } from './batch.ts';
import { lookUpProblems, readCustomerIds } from './customer-ids.ts';
import type { DataParts, ReadRequest } from './data.ts';
import { anonymizedMax } from './limits.ts';
import { failures, json, type Reply } from './reply.ts';
import { texts } from './texts.ts';

/** `customers/anonymize`: takes away who a customer is and keeps what he did, under a fresh cookie (contract 4.5). */
export async function answerAnonymize(request: ReadRequest, parts: DataParts): Promise<Reply> {
  if (!request.permissions.gdpr.has('anonymizeCustomer')) return failures.error(403, texts.noPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const command = anonymize(asked['customer_ids'], request.project);
  if (typeof command === 'string') return failures.fields(400, { customer_ids: [command] });
  const outcomes = await submit([command], request, parts);
  if ('status' in outcomes) return outcomes;
  if (outcomes[0]?.code === 'applied') return json(200, { success: true });
  if (outcomes[0]?.code === 'blocked') return failures.fields(400, { _global: [texts.blocked] });
  if (outcomes[0]?.code === 'user_not_found') return failures.fields(404, { _global: [texts.noCustomer] });
  return failures.error(500, texts.internal);
}

/**
 * `customers/anonymize_bulk`: up to 1,000 customers (contract 4.5). Those of whom nothing is kept, and those
 * nobody knows by ids or by an internal id of the vendor, are passed over; `bulk_id` names the call and nothing else.
 */
export async function answerAnonymizeBulk(request: ReadRequest, parts: DataParts): Promise<Reply> {
  if (!request.permissions.gdpr.has('anonymizeCustomer')) return failures.error(403, texts.noPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const customers = asked['customers'];
  if (!Array.isArray(customers) || customers.length === 0 || customers.length > anonymizedMax) {
    return failures.fields(400, { customers: [texts.customersType(anonymizedMax)] });
  }
  const commands: AnonymizeUser[] = [];
  for (const [index, customer] of customers.entries()) {
    if (isJsonObject(customer) && typeof customer['internal_id'] === 'string') continue;
    const ids = isJsonObject(customer) ? customer['customer_ids'] : undefined;
    const command = anonymize(ids, request.project);
    if (typeof command === 'string') return failures.fields(400, { customers: { [index]: [command] } });
    commands.push(command);
  }
  const outcomes = await submit(commands, request, parts);
  if ('status' in outcomes) return outcomes;
  if (outcomes.some(({ code }) => code === 'failed')) return failures.error(500, texts.internal);
  return json(200, { success: true, bulk_id: randomUUID() });
}

/**
 * The properties that the project says are private go with all ids and what is known of devices. Answers in words what is
 * wrong with the ids.
 */
function anonymize(customerIds: Json | undefined, { settings, idTypes }: Project): AnonymizeUser | string {
  const named = readCustomerIds(customerIds, idTypes);
  if (named.problem !== undefined) return lookUpProblems[named.problem];
  // A hard id that nobody has yet still tells its customer from those who have another one, as in reads and writes.
  const ids = named.ids.map((id) => (isHard(id.kind) ? id : { ...id, attach: false }));
  const attributes = new Set(settings.privateProperties);
  return { kind: 'anonymize_user', ids, create: false, attributes, cookie: randomUUID() };
}

async function submit(
  commands: readonly AnonymizeUser[],
  { project, body }: ReadRequest,
  { engine }: DataParts,
): Promise<readonly Outcome[] | Reply> {
  const items = commands.map((command) => ({ command }));
  const result = await engine.submit({ project: project.id, items, bytes: body.length });
  return result.code === 'done' ? result.outcomes : failures.error(503, texts.internal);
}
