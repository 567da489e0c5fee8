/** The one project that the tests declare at the start of a server. Keys of a test, worth nothing elsewhere. */
export const demoProject = {
  name: 'Demo',
  leanplum: {
    appId: 'app_demo0000000000000000000000000000000000000000000',
    keys: {
      production: 'prod_demo000000000000000000000000000000000000000000',
      development: 'dev_demo0000000000000000000000000000000000000000000',
      dataExport: 'exp_demo0000000000000000000000000000000000000000000',
      contentReadOnly: 'cro_demo0000000000000000000000000000000000000000000',
    },
  },
  bloomreach: {
    projectToken: '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b52',
    publicTokens: ['demopublictoken00000000000000000000000000000000000000000000000000'],
    privateKeys: [
      {
        id: 'demokeyid0000000000000000000000000000000000000000000000000000000',
        secret: 'demosecret000000000000000000000000000000000000000000000000000000',
      },
    ],
  },
} as const;

/** What RAPPORT_BOOTSTRAP points to. */
export const bootstrap = { projects: [demoProject] };
