import type { Content, ContentResult, Part } from '../../../core/content/content.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { ActionCall, ReplyFields } from '../action.ts';
import { booleanOf, type Parameters } from '../parameters.ts';
import { nestVariables } from './variable-names.ts';

/**
 * The content for a user, which `start` and `getVars` return (contract 5.1). Every answer replaces what an SDK has
 * cached, so it is always whole. Nothing overrides a variable yet: what differs from the defaults is nothing, and all
 * values are the defaults.
 */
export function contentFor(
  parameters: Parameters,
  { devMode, endpoint }: ActionCall,
  result: ContentResult | undefined,
): ReplyFields {
  const content = result?.content;
  const variables = content === undefined ? {} : nested(content.variables);
  const includesDefaults = booleanOf(parameters['includeDefaults'] ?? true);
  return {
    vars: includesDefaults ? variables : {},
    messages: {},
    variants: [],
    regions: {},
    interfaceRules: [],
    interfaceEvents: [],
    ...(booleanOf(parameters['includeVariantDebugInfo']) && { variantDebugInfo: { abTests: [] } }),
    ...(devMode && content !== undefined && { ...registered(content), uploadUrl: endpoint }),
  };
}

/** What a developer's SDK compares with what its app holds, to send what is new. */
function registered(content: Content): ReplyFields {
  return {
    varsFromCode: nested(content.variables),
    actionDefinitions: definitions(content.actionDefinitions),
    fileAttributes: files(content.fileAttributes),
  };
}

/** Parts never change in place: what is made of one is made once. */
function oncePerPart(make: (part: Part) => JsonObject): (part: Part) => JsonObject {
  const made = new WeakMap<Part, JsonObject>();
  return (part) => {
    const known = made.get(part) ?? make(part);
    made.set(part, known);
    return known;
  };
}

const nested = oncePerPart(nestVariables);

/** Kinds are answered in upper case (contract 5.5), and the one of them that has a longer name there by it. */
const definitions = oncePerPart((part) =>
  Object.fromEntries(
    Array.from(part, ([name, definition]) => {
      if (!isJsonObject(definition) || !isJsonObject(definition['kinds'])) return [name, definition];
      const kinds = Object.entries(definition['kinds']).map(([argument, kind]) => [
        argument,
        upperCase(kind),
      ]);
      return [name, { ...definition, kinds: Object.fromEntries(kinds) }];
    }),
  ),
);

function upperCase(kind: Json): Json {
  if (typeof kind !== 'string') return kind;
  return /^bool$/i.test(kind) ? 'BOOLEAN' : kind.toUpperCase();
}

/** The default variation of a file has the empty name in some SDKs and `_empty_` in others: it goes by both. */
const files = oncePerPart((part) =>
  Object.fromEntries(
    Array.from(part, ([name, variations]) => {
      if (!isJsonObject(variations)) return [name, variations];
      const byDefault = variations[''] ?? variations['_empty_'];
      if (byDefault === undefined) return [name, variations];
      return [name, { ...variations, '': byDefault, _empty_: byDefault }];
    }),
  ),
);
