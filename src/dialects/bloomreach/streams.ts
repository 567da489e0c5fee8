import { answerBatch, answerSingle, type BloomreachParts } from './batch.ts';
import { commands } from './commands.ts';
import { consentCategories } from './consents.ts';
import { type KeyedRoute, type Route, writeTo } from './route.ts';
import { sdkContentRoutes, webContentRoutes } from './sdk-content.ts';

/** The Data Hub's names for the tracking routes and for what SDKs call; a stream's id is its project's token (contract 2.9, 5.1). */
export function streamRoutes(parts: BloomreachParts): readonly Route[] {
  const twin = (name: string, answer: KeyedRoute['methods']['POST']): KeyedRoute => ({
    path: `/track/u/v1/${name}`,
    methods: { ...(answer && { POST: answer }) },
    project: 'stream_id',
    token: 'HS512',
  });
  const singles = Array.from(commands.values(), (command) =>
    twin(command.name, (call) => answerSingle(command, writeTo(call.credentials, call), parts)),
  );
  const batch = twin('batch', (call) => answerBatch(writeTo(call.credentials, call), parts));
  return [
    ...singles,
    batch,
    consentCategories('streams'),
    ...sdkContentRoutes(parts, 'streams'),
    ...webContentRoutes.streams,
  ];
}
