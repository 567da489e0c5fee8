import type { ReplyFields } from './action.ts';
import { booleanOf, type Parameters } from './parameters.ts';

/**
 * The content for a user, which `start` and `getVars` return (contract 5.1): there is none yet, well-formed. Every
 * answer replaces what an SDK has cached, so it is always whole.
 */
export function contentFor(parameters: Parameters): ReplyFields {
  return {
    vars: {},
    messages: {},
    variants: [],
    regions: {},
    interfaceRules: [],
    interfaceEvents: [],
    ...(booleanOf(parameters['includeVariantDebugInfo']) && { variantDebugInfo: { abTests: [] } }),
  };
}
