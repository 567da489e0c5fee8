/** Folds a CPU profile of the server's main thread into the steps of a request. */

/** What `--cpu-prof` writes, as far as it is needed; times in microseconds of the system's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  /** How long before each sample the one before it was taken. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** In the order of a request. */
export const steps = [
  'http',
  'decode',
  'validate',
  'order',
  'apply',
  'serialise',
  'commit',
  'answer',
  'garbage collection',
  'other',
] as const;
export type Step = (typeof steps)[number];

/** The first that matches file and function; what none matches is part of what called it. */
const rules: readonly (readonly [file: RegExp, step: Step, functions?: RegExp])[] = [
  [/\/src\/core\/(line|profile-document)\.ts$/, 'serialise', /^write/],
  [/\/src\/core\//, 'apply'],
  [/\/src\/(storage\/|engine\/(commit|write-behind|idempotency)\.ts$)/, 'commit'],
  [/\/src\/engine\//, 'order'],
  [/\/src\/dialects\/[^/]+\/routes\.ts$/, 'http'],
  [/\/src\/dialects\/[^/]+\/reply\.ts$/, 'answer'],
  [/\/src\/dialects\//, 'answer', /^(toReply|render|describe)/],
  [/\/src\/dialects\/[^/]+\/decode\.ts$/, 'decode'],
  [/\/src\/dialects\//, 'validate'],
  [/\/src\/http\//, 'http'],
];

/** Packages and Node itself are what they are called for; called for nothing of ours, they serve HTTP. */
const isForeign = /^node:|\/node_modules\//;

/** Microseconds of each step between two moments; time without work is left out. */
export function foldProfile(
  profile: CpuProfile,
  { fromMicros, toMicros }: { fromMicros: number; toMicros: number },
): Map<Step, number> {
  const stepOf = stepsOfNodes(profile.nodes);
  const folded = new Map<Step, number>(steps.map((step) => [step, 0]));
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    at += profile.timeDeltas[index] ?? 0;
    const step = stepOf.get(id);
    if (step === undefined || at < fromMicros || at >= toMicros) continue;
    // A sample stands for the time until the next one.
    folded.set(step, (folded.get(step) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  }
  return folded;
}

/** The step of every node by its id; none of those that stand for idleness. */
function stepsOfNodes(nodes: readonly ProfileNode[]): Map<number, Step | undefined> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  const found = new Map<number, Step | undefined>();
  const waiting = nodes
    .filter((node) => !children.has(node.id))
    .map((node) => ({ node, caller: 'other' as Step }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, caller } = next;
    const step = stepOf(node, caller);
    found.set(node.id, step);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) waiting.push({ node: child, caller: step ?? 'other' });
    }
  }
  return found;
}

function stepOf({ callFrame: { functionName, url } }: ProfileNode, caller: Step): Step | undefined {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'garbage collection';
  const rule = rules.find(([file, , functions]) => file.test(url) && functions?.test(functionName) !== false);
  if (rule !== undefined) return rule[1];
  return caller === 'other' && isForeign.test(url) ? 'http' : caller;
}
