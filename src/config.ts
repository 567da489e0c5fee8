import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** A setting is missing or wrong; the message names it. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export interface Settings {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly dataFolder: string;
  /** A JSON file that declares projects and keys. */
  readonly bootstrapFile: string | undefined;
  /** Origins whose pages may call the Bloomreach API from a browser. */
  readonly corsOrigins: readonly string[];
  /** Lines kept in memory before they are sealed into files. */
  readonly historyLines: number;
}

/** Reads the settings from the environment. Throws `SettingError`. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const get = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  return {
    host: get('RAPPORT_HOST') ?? '127.0.0.1',
    port: readPort(get('RAPPORT_PORT') ?? '8080'),
    dataFolder: get('RAPPORT_DATA') ?? './data',
    bootstrapFile: get('RAPPORT_BOOTSTRAP'),
    corsOrigins: readOrigins(get('RAPPORT_CORS_ORIGINS') ?? ''),
    historyLines: readLines(get('RAPPORT_HISTORY_LINES') ?? '250000'),
  };
}

function readLines(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new SettingError(`RAPPORT_HISTORY_LINES must be a number from 1 to 99999999, not '${text}'`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new SettingError(`RAPPORT_PORT must be a number from 0 to 65535, not '${text}'`);
  }
  return port;
}

function readOrigins(text: string): string[] {
  const origins = text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
  const wrong = origins.find((it) => it !== '*' && URL.parse(it)?.origin !== it);
  if (wrong === undefined) return origins;
  throw new SettingError(
    `RAPPORT_CORS_ORIGINS must list origins such as https://shop.example, not '${wrong}'`,
  );
}

const Text = Type.String({ minLength: 1, maxLength: 256 });

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
          publicTokens: Type.Optional(Type.Array(Text)),
          privateKeys: Type.Optional(
            Type.Array(Type.Object({ id: Type.String({ pattern: '^[^:]{1,256}$' }), secret: Text })),
          ),
        }),
      ),
    }),
  ),
});
const bootstrapCheck = Compile(BootstrapFile);

export type Bootstrap = Static<typeof BootstrapFile>;

/** Parses the text of the file that RAPPORT_BOOTSTRAP names. Throws `SettingError`. */
export function readBootstrap(text: string): Bootstrap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingError(`RAPPORT_BOOTSTRAP is not JSON: ${(error as Error).message}`);
  }
  if (bootstrapCheck.Check(value)) return value;
  const problem = bootstrapCheck.Errors(value)[0];
  throw new SettingError(
    `RAPPORT_BOOTSTRAP: ${problem?.instancePath || 'the file'} ${problem?.message ?? 'is invalid'}`,
  );
}
