/**
 * The server to compare with: the real one's HTTP layer and JSON parser, as many results in an answer, and nothing in
 * between. It checks nothing and stores nothing, so its rate is what the machine has left beside the load generator. With the
 * path of a file, each answer waits for a sync of that file.
 */
import fastify, { type FastifyReply } from 'fastify';
import { Admission } from '../src/http/admission.ts';
import { BytesInFlight, readBodies } from '../src/http/body.ts';
import { bytesInFlightMax, keepAliveTimeoutMs, requestTimeoutMs } from '../src/http/limits.ts';
import { parseJson } from '../src/lib/json.ts';
import { GroupSync } from './group-sync.ts';

const bodyBytesMax = 64 * 1024 * 1024;

async function startNullServer(sync: GroupSync | undefined): Promise<string> {
  const server = fastify({ requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs });
  const inFlight = new BytesInFlight(bytesInFlightMax);
  const admission = new Admission(() => performance.now());
  readBodies(server, { max: bodyBytesMax, inFlight, admission });
  if (sync !== undefined) server.addHook('onSend', () => sync.next());
  server.post<{ Body: Buffer }>('/api', async (request, reply) =>
    sendJson(reply, leanplumAnswer(request.body)),
  );
  server.post<{ Body: Buffer }>('/track/v2/projects/:token/batch', async (request, reply) => {
    return sendJson(reply, bloomreachAnswer(request.body));
  });
  for (const path of [
    '/track/v2/projects/:token/customers/events',
    '/data/v2/projects/:token/customers/events',
  ]) {
    server.post<{ Body: Buffer }>(path, async (request, reply) =>
      sendJson(reply, eventsAnswer(request.body)),
    );
  }
  return await server.listen({ host: '127.0.0.1', port: 0 });
}

function leanplumAnswer(body: Buffer): string {
  const call = isForm(body) ? parseForm(body) : (parse(body) as LeanplumCall);
  const actions = call.data ?? [call];
  return JSON.stringify({ response: actions.map(({ reqId }) => ({ success: true, reqId })) });
}

interface LeanplumCall {
  readonly data?: readonly LeanplumCall[];
  readonly reqId?: string;
}

/** As the real server sees it: by looking. */
function isForm(body: Buffer): boolean {
  return body[0] !== 0x7b && body[0] !== 0x5b;
}

function parseForm(body: Buffer): LeanplumCall {
  const fields = new URLSearchParams(body.toString('utf8'));
  return parseJson(fields.get('data') ?? '{}') as unknown as LeanplumCall;
}

function bloomreachAnswer(body: Buffer): string {
  const startTime = Date.now() / 1000;
  const { commands } = parse(body) as { commands: readonly unknown[] };
  const results = commands.map(() => ({ success: true }));
  return JSON.stringify({ results, start_time: startTime, end_time: Date.now() / 1000, success: true });
}

/** An event taken, or no events found. */
function eventsAnswer(body: Buffer): string {
  const { event_types: types } = parse(body) as { event_types?: unknown };
  return JSON.stringify({ success: true, ...(types === undefined ? { errors: [] } : { data: [] }) });
}

function parse(body: Buffer): unknown {
  return parseJson(body.toString('utf8'));
}

function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.header('content-type', 'application/json;charset=utf-8').send(body);
}

const [, , file] = process.argv;
const sync = file === undefined ? undefined : await GroupSync.open(file);
const address = await startNullServer(sync);
process.once('SIGTERM', () => process.exit(0));
console.log(`The null server is ready at ${address}`);
