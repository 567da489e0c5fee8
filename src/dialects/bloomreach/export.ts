import { Readable } from 'node:stream';
import type { Engine } from '../../engine/submit.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseObject } from './batch.ts';
import type { ReadRequest } from './data.ts';
import { type ExportJob, type Field, formats, isFormat } from './export-rows.ts';
import { exportColumnsMax, exportsMax } from './limits.ts';
import { type Answer, failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

export interface ExportParts {
  readonly engine: Engine;
  /** The pieces of an export's body, written beside the requests; ends early when nobody wants more. */
  readonly writeExport: (job: ExportJob) => AsyncIterable<Uint8Array>;
  readonly onError: (error: unknown) => void;
}

/** Exports under way of each engine: each reads every profile there is. */
const running = new WeakMap<Engine, number>();

/**
 * `customers/export`: all customers with their ids and properties (contract 4.4), each at least as he was when the export
 * was asked for. Another thread reads them and writes the body.
 */
export async function answerExport(request: ReadRequest, parts: ExportParts): Promise<Answer> {
  if (!request.permissions.gdpr.has('exportCustomers')) return failures.error(403, texts.noExportPermission);
  const asked = parseObject(request.body);
  if (asked === undefined) return failures.fields(400, { _global: [texts.invalidJson] });
  const { format } = asked;
  if (!isFormat(format)) return failures.fields(400, { format: [texts.exportFormat] });
  const wanted = readFields(asked['attributes']);
  if (wanted === 'invalid') return failures.fields(400, { attributes: [texts.exportAttributes] });
  const filtered = refuseFilter(asked['filter']);
  if (filtered !== undefined) return filtered;

  const count = running.get(parts.engine) ?? 0;
  if (count >= exportsMax) return failures.error(503, texts.internal);
  running.set(parts.engine, count + 1);
  const end = () => running.set(parts.engine, (running.get(parts.engine) ?? 1) - 1);
  try {
    await parts.engine.writeRows();
  } catch {
    end();
    return failures.error(503, texts.internal);
  }
  const { id: project, idTypes } = request.project;
  const job = { project, idTypes, format, ...(wanted && { fields: wanted }) };
  const body = Readable.from(parts.writeExport(job));
  body.once('close', end);
  body.on('error', parts.onError);
  return { status: 200, body, headers: { 'content-type': formats[format].contentType } };
}

/** Which columns are asked for; undefined: all. */
function readFields(attributes: Json | undefined): readonly Field[] | undefined | 'invalid' {
  if (attributes === undefined || attributes === null) return undefined;
  if (!isJsonObject(attributes)) return 'invalid';
  if (attributes['type'] === 'properties_and_ids') return undefined;
  const asked = attributes['list'];
  if (attributes['type'] !== 'some' || !Array.isArray(asked) || asked.length > exportColumnsMax)
    return 'invalid';
  const fields = asked.map(readField).filter((it) => it !== undefined);
  return fields.length < asked.length ? 'invalid' : fields;
}

function readField(asked: Json): Field | undefined {
  if (!isJsonObject(asked)) return undefined;
  const { type, id, property } = asked;
  if (type === 'id' && typeof id === 'string') return { type, id };
  if (type === 'property' && typeof property === 'string') return { type, property };
  return undefined;
}

/** There are no segmentations yet, so whichever is named does not exist. */
function refuseFilter(filter: Json | undefined): Reply | undefined {
  if (filter === undefined || filter === null) return undefined;
  const id = isJsonObject(filter) ? ((filter as JsonObject)['segmentation_id'] ?? null) : null;
  return failures.fields(404, { _global: [texts.noSegmentation(String(id).slice(0, 100))] });
}
