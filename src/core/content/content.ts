import { unreachable } from '../../lib/assert.ts';
import { type Json, weighJson } from '../../lib/json.ts';
import { developerDevicesMax } from '../limits.ts';

/** A part of a project's content: what is registered, by name. */
export type Part = ReadonlyMap<string, Json>;

/**
 * What belongs to a project and to none of its users: what its apps registered, and which devices are developers'. It is
 * never changed in place; a change makes another.
 */
export interface Content {
  /** Values that the apps' code has by itself, by the full name of the variable. */
  readonly variables: Part;
  readonly variableKinds: Part;
  /** Templates of messages, by name. */
  readonly actionDefinitions: Part;
  readonly fileAttributes: Part;
  /** The developer's e-mail address, by device id; the device registered last is the last. */
  readonly developerDevices: Part;
  /** The names in use, where their number is limited. */
  readonly eventNames: Part;
  readonly stateNames: Part;
  readonly attributeNames: Part;
  readonly propertyNames: Part;
  readonly paramNames: Part;
  readonly messageNames: Part;
  readonly interactionNames: Part;
}

export type ContentPart = keyof Content;
/** What apps register: each part anew as a whole. */
export type RegisteredPart = 'variables' | 'variableKinds' | 'actionDefinitions' | 'fileAttributes';

export type ContentRequest =
  | { readonly do: 'read' }
  /** Replaces the parts that are given; the others stay. */
  | { readonly do: 'register'; readonly parts: { readonly [part in RegisteredPart]?: Part } }
  /** A name stands for that variable and for all in the group of that name. */
  | { readonly do: 'remove_variables'; readonly names: readonly string[] }
  | { readonly do: 'register_device'; readonly device: string; readonly email: string };

export interface ContentResult {
  /** As it is at this place in the order. */
  readonly content: Content;
  readonly changed: readonly ContentPart[];
  /** Full names of the variables that were there and are gone. */
  readonly removed: readonly string[];
  /** The device was not registered before. */
  readonly isNewDevice: boolean;
}

const nothing: Part = new Map();

/** Of a project whose apps registered nothing. */
export const noContent: Content = {
  variables: nothing,
  variableKinds: nothing,
  actionDefinitions: nothing,
  fileAttributes: nothing,
  developerDevices: nothing,
  eventNames: nothing,
  stateNames: nothing,
  attributeNames: nothing,
  propertyNames: nothing,
  paramNames: nothing,
  messageNames: nothing,
  interactionNames: nothing,
};

/** Answers one request about a project's content; like `apply` a function of its arguments alone. */
export function applyToContent(content: Content, request: ContentRequest): ContentResult {
  switch (request.do) {
    case 'read':
      return { content, ...noChange };
    case 'register': {
      const changed = Object.keys(request.parts) as RegisteredPart[];
      return { ...noChange, content: { ...content, ...request.parts }, changed };
    }
    case 'remove_variables':
      return removeVariables(content, request.names);
    case 'register_device':
      return registerDevice(content, request);
    default:
      return unreachable(request);
  }
}

const noChange: Omit<ContentResult, 'content'> = { changed: [], removed: [], isNewDevice: false };

function removeVariables(content: Content, names: readonly string[]): ContentResult {
  const given = new Set(names);
  const removed = [...content.variables.keys()].filter((name) => isMeant(name, given));
  if (removed.length === 0) return { content, ...noChange };
  const gone = new Set(removed);
  const left = (part: Part) => new Map([...part].filter(([name]) => !gone.has(name)));
  const { variables, variableKinds } = content;
  return {
    ...noChange,
    content: { ...content, variables: left(variables), variableKinds: left(variableKinds) },
    changed: ['variables', 'variableKinds'],
    removed,
  };
}

/** Whether a variable is among the names, or in one of the groups they name. */
function isMeant(name: string, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1))
    if (names.has(name.slice(0, dot))) return true;
  return false;
}

function registerDevice(
  content: Content,
  { device, email }: Extract<ContentRequest, { do: 'register_device' }>,
): ContentResult {
  const devices = new Map(content.developerDevices);
  // Once more at the end: it is in use.
  const isNewDevice = !devices.delete(device);
  const [oldest] = devices.keys();
  if (devices.size >= developerDevicesMax && oldest !== undefined) devices.delete(oldest);
  devices.set(device, email);
  return {
    ...noChange,
    content: { ...content, developerDevices: devices },
    changed: ['developerDevices'],
    isNewDevice,
  };
}

/** The text under which a part is stored; in its order, and whatever the names are. */
export function writePart(part: Part): string {
  return JSON.stringify([...part]);
}

/** The content whose parts are stored like this; a part that is not, is empty. */
export function readContent(parts: Iterable<readonly [part: ContentPart, document: string]>): Content {
  const read = Array.from(parts, ([part, document]) => [part, new Map(JSON.parse(document))]);
  return { ...noContent, ...Object.fromEntries(read) };
}

/** Approximate length of all parts as text. */
export function weighContent(content: Content): number {
  return Object.values<Part>({ ...content }).reduce((sum, part) => sum + weighPart(part), 0);
}

/** Approximate length of one part as text. */
export function weighPart(part: Part): number {
  let weight = 0;
  for (const [name, value] of part) weight += name.length + weighJson(value);
  return weight;
}
