/** Names that a right covers, as they are declared and stored: all, those listed, or all but those listed. */
export type DeclaredNames = '*' | readonly string[] | { readonly except: readonly string[] };

/** What a key may do to names of one sort. */
interface Rights<Names> {
  readonly get: Names;
  readonly set: Names;
}

export const gdprRights = ['exportCustomer', 'exportCustomers', 'anonymizeCustomer'] as const;
export type GdprRight = (typeof gdprRights)[number];

/** Permissions of a Bloomreach key as they are declared and stored (contract 1.3): what is left out is not allowed. */
export interface DeclaredPermissions {
  readonly events?: Partial<Rights<DeclaredNames>>;
  readonly properties?: Partial<Rights<DeclaredNames>>;
  readonly gdpr?: readonly GdprRight[];
  /** Reading consents; adding one is adding an event. */
  readonly consents?: boolean;
  /** Asking for recommendations: the only reads that a public token can have. */
  readonly recommendations?: boolean;
}

/** Names ready to be asked; undefined: all. Kept apart so that a key that may do everything costs one comparison. */
export type Names = undefined | { readonly listed: ReadonlySet<string>; readonly allowed: boolean };

/** What a key may do, ready to be asked. */
export interface Permissions {
  readonly events: Rights<Names>;
  readonly properties: Rights<Names>;
  readonly gdpr: ReadonlySet<GdprRight>;
  readonly consents: boolean;
  readonly recommendations: boolean;
}

/** What keys have that were made without permissions (contract 1.3): both write everything, private keys read it too. */
export const defaultPermissions: Readonly<Record<'public' | 'private', DeclaredPermissions>> = {
  public: { events: { set: '*' }, properties: { set: '*' } },
  private: {
    events: { get: '*', set: '*' },
    properties: { get: '*', set: '*' },
    gdpr: gdprRights,
    consents: true,
    recommendations: true,
  },
};

export function readPermissions(declared: DeclaredPermissions): Permissions {
  const { events, properties, gdpr = [], consents = false, recommendations = false } = declared;
  return {
    events: readRights(events),
    properties: readRights(properties),
    gdpr: new Set(gdpr),
    consents,
    recommendations,
  };
}

function readRights(declared: Partial<Rights<DeclaredNames>> = {}): Rights<Names> {
  return { get: readNames(declared.get ?? []), set: readNames(declared.set ?? []) };
}

function readNames(declared: DeclaredNames): Names {
  if (declared === '*') return undefined;
  if ('except' in declared) return { listed: new Set(declared.except), allowed: false };
  return { listed: new Set(declared), allowed: true };
}

/** Whether a right covers a name. A name never seen before is one that is not listed. */
export function covers(names: Names, name: string): boolean {
  return names === undefined || names.listed.has(name) === names.allowed;
}

/** Whether a right covers no name at all. */
export function coversNothing(names: Names): boolean {
  return names?.allowed === true && names.listed.size === 0;
}
