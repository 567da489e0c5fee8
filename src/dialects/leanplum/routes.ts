import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { retryAfterSec } from '../../engine/limits.ts';
import type { Admission } from '../../http/admission.ts';
import {
  BodyError,
  type BytesInFlight,
  declaredContentType,
  endWhenStopping,
  readBodies,
  whileHeld,
} from '../../http/body.ts';
import { type Fault, faults } from './fault.ts';
import { bodyBytesMax } from './limits.ts';
import { answerCall, type LeanplumParts } from './multi.ts';
import { type Reply, refusal } from './reply.ts';
import { type Detectors, Origin } from './rules/detect.ts';

export interface LeanplumRoutes extends LeanplumParts {
  readonly clock: () => number;
  readonly inFlight: BytesInFlight;
  readonly admission: Admission;
  readonly detectors: Detectors;
  readonly onError: (error: unknown) => void;
}

/** Mounts the Leanplum API: one endpoint, under the paths that clients use (contract 1.1). */
export function mountLeanplum(server: FastifyInstance, options: LeanplumRoutes): void {
  readBodies(server, { max: bodyBytesMax, ...options });

  server.setErrorHandler((error, _request, reply) => {
    const fault = faultOf(error);
    if (fault === faults.internal) options.onError(error);
    return send(reply, refusal(fault));
  });

  for (const path of ['/api', '/api/', '/api-batch']) {
    // Browsers that send application/json ask first (contract 1.5).
    server.options(path, async (request, reply) => {
      const wanted = request.headers['access-control-request-headers'] ?? 'content-type';
      reply.header('access-control-allow-origin', '*').header('access-control-max-age', 600);
      reply.header('access-control-allow-methods', 'GET, POST, OPTIONS');
      return reply.header('access-control-allow-headers', wanted).code(204).send();
    });
    server.route({
      method: ['GET', 'POST'],
      url: path,
      handler: async (request, reply) => {
        const { headers, body } = request;
        const call = {
          receivedMs: Math.floor(options.clock()),
          endpoint: endpointOf(request, path),
          query: queryOf(request.raw.url ?? ''),
          body: body instanceof Uint8Array ? body : undefined,
          contentType: declaredContentType(request),
          contentEncoding: headers['content-encoding'] ?? '',
          idempotencyKey: headers['idempotency-key'],
          origin: new Origin(request.raw, options.detectors),
        };
        const answer = await whileHeld(request, (take) => answerCall({ ...call, take }, options));
        return send(reply, answer);
      },
    });
    server.route({
      method: ['PUT', 'PATCH', 'DELETE'],
      url: path,
      handler: async (_request, reply) => {
        reply.header('allow', 'GET, POST, OPTIONS');
        return send(reply, refusal(faults.methodNotAllowed));
      },
    });
  }
}

function send(reply: FastifyReply, { status, body }: Reply): FastifyReply {
  if (status === 503 || status === 429) reply.header('retry-after', retryAfterSec);
  endWhenStopping(reply);
  reply.header('access-control-allow-origin', '*').header('cache-control', 'private');
  return reply.code(status).header('content-type', 'application/json;charset=utf-8').send(body);
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

/** As the caller wrote it; a proxy before us says whether he spoke TLS. It is told to nobody but him. */
function endpointOf({ headers }: FastifyRequest, path: string): string {
  const scheme = /^https\b/i.test(String(headers['x-forwarded-proto'])) ? 'https' : 'http';
  return `${scheme}://${headers.host ?? 'localhost'}${path}`;
}

function faultOf(error: unknown): Fault {
  if (!(error instanceof BodyError)) return faults.internal;
  switch (error.code) {
    case 'too_large':
      return faults.tooLargeBody(bodyBytesMax);
    case 'server_busy':
      return faults.unavailable;
    case 'incomplete':
      return faults.invalidJson;
  }
}
