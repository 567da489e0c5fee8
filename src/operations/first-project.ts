import { makeBloomreachToken, makeKey, makeLeanplumApp } from '../engine/new-keys.ts';

/** A project with keys of every class, as made on a first start. */
export type FirstProject = ReturnType<typeof firstProject>;

/** Makes a project with new keys. */
export function firstProject() {
  const { keyId: id, value: secret } = makeKey('private');
  return {
    name: 'Default',
    leanplum: {
      appId: makeLeanplumApp(),
      keys: {
        production: makeKey('production').value,
        development: makeKey('development').value,
        dataExport: makeKey('dataExport').value,
        contentReadOnly: makeKey('contentReadOnly').value,
      },
    },
    bloomreach: {
      projectToken: makeBloomreachToken(),
      publicTokens: [makeKey('public').value] as const,
      privateKeys: [{ id, secret }] as const,
    },
  };
}

/** What a first start prints: the keys, which are stored as hashes only, so they are shown this once. */
export function describeKeys({ name, leanplum, bloomreach }: FirstProject): string {
  const [privateKey] = bloomreach.privateKeys;
  return `First start: project "${name}" was created. Keep its keys, they are not shown again:

  Leanplum     app id           ${leanplum.appId}
               production       ${leanplum.keys.production}
               development      ${leanplum.keys.development}
               data export      ${leanplum.keys.dataExport}
               content read     ${leanplum.keys.contentReadOnly}
  Bloomreach   project token    ${bloomreach.projectToken}
               public token     ${bloomreach.publicTokens[0]}
               private key id   ${privateKey.id}
               private secret   ${privateKey.secret}
`;
}

/** One line per dialect that works when pasted. */
export function describeExamples({ leanplum, bloomreach }: FirstProject, address: string): string {
  const call = {
    appId: leanplum.appId,
    clientKey: leanplum.keys.production,
    apiVersion: '1.0.6',
    action: 'track',
    userId: 'user1',
    event: 'Level Complete',
    params: { Level: 1, Score: 100 },
  };
  const batch = {
    commands: [
      {
        name: 'customers/events',
        data: { customer_ids: { registered: 'user1' }, event_type: 'page_visit', properties: { path: '/' } },
      },
    ],
  };
  const json = "-H 'Content-Type: application/json'";
  return `Try it:

  curl -s ${address}/api ${json} -d '${JSON.stringify(call)}'

  curl -s ${address}/track/v2/projects/${bloomreach.projectToken}/batch -H 'Authorization: Token ${bloomreach.publicTokens[0]}' ${json} -d '${JSON.stringify(batch)}'
`;
}
