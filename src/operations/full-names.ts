import type { Logger } from 'pino';
import type { ProjectId } from '../core/ids.ts';
import type { Projects } from '../engine/projects.ts';

/** A project whose clients go on is told of again after this long. */
const againAfterMs = 60 * 60 * 1000;

/**
 * Tells the log that items of a project are left out because it has as many names as it may have: at the first one, and
 * once an hour while there are more. The Bloomreach API answers them as done, so nobody else would know. Names are not
 * in it: the log holds nothing that clients send.
 */
export function warnOfFullNames(
  projects: Projects,
  { log, clock }: { log: Logger; clock: () => number },
): (project: ProjectId) => void {
  const told = new Map<ProjectId, { atMs: number; since: number }>();
  return (project) => {
    const last = told.get(project);
    const nowMs = clock();
    if (last !== undefined && nowMs - last.atMs < againAfterMs) {
      last.since += 1;
      return;
    }
    told.set(project, { atMs: nowMs, since: 0 });
    const name = projects.all.find(({ id }) => id === project)?.name;
    log.warn(
      { project: name, items: (last?.since ?? 0) + 1 },
      'the project has as many names as it may have: what brings another one is left out (RAPPORT_PROPERTY_NAMES, RAPPORT_EVENT_NAMES and the like)',
    );
  };
}
