import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { SettingError } from './config.ts';

/* Files that settings name: projects and keys, exchange rates. */

const Text = Type.String({ minLength: 1, maxLength: 256 });

const permissionNamesMax = 1_000;
const consentCategoriesMax = 100;
const privatePropertiesMax = 1_000;
/** Names of types as they are given; how many there may be is told in words. */
const IdTypeNames = Type.Immutable(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 }));

const Names = Type.Union(
  [
    Type.Literal('*'),
    Type.Immutable(Type.Array(Text, { maxItems: permissionNamesMax })),
    Type.Object(
      { except: Type.Immutable(Type.Array(Text, { maxItems: permissionNamesMax })) },
      { additionalProperties: false },
    ),
  ],
  {
    description:
      "'*' for all, a list of names, or {except: a list} for all others, also those never seen yet",
  },
);
const Rights = Type.Object(
  { get: Type.Optional(Names), set: Type.Optional(Names) },
  { additionalProperties: false },
);

/** What a Bloomreach key may do, in the bootstrap file and the admin API; what is left out is not allowed. */
export const PermissionsSchema = Type.Object(
  {
    events: Type.Optional(Rights),
    properties: Type.Optional(Rights),
    gdpr: Type.Optional(
      Type.Immutable(
        Type.Array(
          Type.Union([
            Type.Literal('exportCustomer'),
            Type.Literal('exportCustomers'),
            Type.Literal('anonymizeCustomer'),
          ]),
        ),
      ),
    ),
    consents: Type.Optional(Type.Boolean()),
    recommendations: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** Settings of one project, in the bootstrap file and the admin API; what is left out stays as it is. */
export const projectSettings = {
  ids: Type.Optional(
    Type.Object(
      { hard: IdTypeNames, soft: IdTypeNames },
      {
        additionalProperties: false,
        description:
          "types of customers' ids: hard ones, of which the first is Leanplum's userId, and soft ones, with cookie among them",
      },
    ),
  ),
  consentCategories: Type.Optional(
    Type.Array(
      Type.Object(
        {
          id: Text,
          name: Text,
          description: Type.Optional(Type.Union([Text, Type.Null()])),
          legitimateInterest: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
      { maxItems: consentCategoriesMax },
    ),
  ),
  privateProperties: Type.Optional(
    Type.Array(Text, {
      maxItems: privatePropertiesMax,
      description: 'properties that anonymizing a customer takes away, beside all ids',
    }),
  ),
  legacySingleErrors200: Type.Optional(
    Type.Boolean({ description: 'failures of single Bloomreach routes come with status 200' }),
  ),
};

const BootstrapFile = Type.Object({
  projects: Type.Array(
    Type.Object({
      name: Text,
      leanplum: Type.Optional(
        Type.Object({
          appId: Text,
          keys: Type.Object(
            {
              production: Type.Optional(Text),
              development: Type.Optional(Text),
              dataExport: Type.Optional(Text),
              contentReadOnly: Type.Optional(Text),
            },
            { additionalProperties: false },
          ),
        }),
      ),
      bloomreach: Type.Optional(
        Type.Object({
          projectToken: Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }),
          publicTokens: Type.Optional(
            Type.Array(
              Type.Union([Text, Type.Object({ token: Text, permissions: Type.Optional(PermissionsSchema) })]),
            ),
          ),
          privateKeys: Type.Optional(
            Type.Array(
              Type.Object({
                id: Type.String({ pattern: '^[^:]{1,256}$' }),
                secret: Text,
                permissions: Type.Optional(PermissionsSchema),
              }),
            ),
          ),
          ...projectSettings,
        }),
      ),
    }),
  ),
});
const bootstrapCheck = Compile(BootstrapFile);

export type Bootstrap = Static<typeof BootstrapFile>;

/** Parses the text of the file that RAPPORT_BOOTSTRAP names. Throws `SettingError`. */
export function readBootstrap(text: string): Bootstrap {
  return readFileText('RAPPORT_BOOTSTRAP', text, bootstrapCheck);
}

/** What services of exchange rates give out; whatever else stands in the file is ignored. */
const RatesFile = Type.Object({
  base: Type.String({ pattern: '^[A-Z]{3}$' }),
  rates: Type.Record(Type.String({ pattern: '^[A-Z]{3}$' }), Type.Number({ exclusiveMinimum: 0 }), {
    additionalProperties: false,
  }),
});
const ratesCheck = Compile(RatesFile);

export type CurrencyRates = Static<typeof RatesFile>;

/** Parses the text of the file that RAPPORT_CURRENCY_RATES names, for use with `currency`. Throws `SettingError`. */
export function readCurrencyRates(text: string, currency: string): CurrencyRates {
  const table = readFileText('RAPPORT_CURRENCY_RATES', text, ratesCheck);
  if (currency === table.base || currency in table.rates) return table;
  throw new SettingError(`RAPPORT_CURRENCY_RATES has no rate for RAPPORT_CURRENCY ${currency}`);
}

function readFileText<T>(
  setting: string,
  text: string,
  check: {
    Check(value: unknown): value is T;
    Errors(value: unknown): { instancePath: string; message: string }[];
  },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingError(`${setting} is not JSON: ${(error as Error).message}`);
  }
  if (check.Check(value)) return value;
  const problem = check.Errors(value)[0];
  throw new SettingError(
    `${setting}: ${problem?.instancePath || 'the file'} ${problem?.message ?? 'is invalid'}`,
  );
}
