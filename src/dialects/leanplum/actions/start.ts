import { Type } from 'typebox';
import type { ContentResult } from '../../../core/content/content.ts';
import type { Outcome } from '../../../core/outcome.ts';
import { newSecret } from '../../../lib/secret.ts';
import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser, warningOf } from '../action.ts';
import { readUserAttributes } from '../attributes.ts';
import { readActionTime } from '../clock.ts';
import { contentFor } from '../content/content-for.ts';
import { readDeviceFacts, readUserFacts } from '../facts.ts';
import type { Fault } from '../fault.ts';
import { booleanOf, isFault, type Parameters } from '../parameters.ts';
import { WireBoolean, WireMap, WireNumber, wireCheck } from '../wire-types.ts';

const check = wireCheck(Type.Object({ userAttributes: WireMap, time: WireNumber, background: WireBoolean }));

/** Opens a session and returns the content for the user (contract 2.2 `start`, 5.1). */
export const start: Action = {
  name: 'start',
  key: 'production',

  toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    const warnings: string[] = [];
    const attributes = readUserAttributes(parameters, call.settings.limits, warnings);
    if (isFault(attributes)) return attributes;
    const facts = readUserFacts(parameters, call.origin, warnings);
    if (isFault(facts)) return facts;
    const devices = readDeviceFacts(parameters, call.user.deviceId);
    if (isFault(devices)) return devices;
    const timeSec = readActionTime(parameters, call.clock);
    if (isFault(timeSec)) return timeSec;
    return {
      warning: warningOf(warnings),
      command: {
        kind: 'open_session',
        ids: call.user.ids,
        create: createsUser(parameters, true),
        // A start with an id on the device of an anonymous user is his login (contract 7.2).
        merge: 'named',
        // Backends start before every event; an SDK's start is a new run of the app.
        continueOpen: !call.isSdk,
        background: booleanOf(parameters['background']),
        attributes,
        facts,
        devices,
        timeSec,
      },
      content: { do: 'read' },
    };
  },

  /** A repeat gets full content as well: the SDK needs it (contract 1.11). */
  toReply(
    outcome: Outcome,
    call: ActionCall,
    parameters: Parameters,
    content: ContentResult | undefined,
  ): ReplyFields {
    if (outcome.code === 'user_not_found') return {};
    const isRegistered = content?.content.developerDevices.has(call.user.deviceId ?? '');
    return {
      ...contentFor(parameters, call, content),
      ...(call.devMode && { isRegistered }),
      syncNewsfeed: false,
      // Android encrypts its cache with it and stores nothing without it.
      token: newSecret(),
    };
  },
};
