import type { LeanplumKeyClass, Project } from '../core/project.ts';
import { isSecret } from '../lib/secret.ts';

/** The projects this server serves, found by what a request names. */
export class Projects {
  #all: readonly Project[] = [];
  readonly #byApp = new Map<string, Project>();
  readonly #byToken = new Map<string, Project>();

  constructor(projects: readonly Project[]) {
    this.replace(projects);
  }

  /** In the order of creation. */
  get all(): readonly Project[] {
    return this.#all;
  }

  /** Takes what is stored now: the next request already meets the new keys, and no revoked one. */
  replace(projects: readonly Project[]): void {
    this.#all = projects;
    this.#byApp.clear();
    this.#byToken.clear();
    for (const project of projects) {
      if (project.leanplumApp !== null) this.#byApp.set(project.leanplumApp, project);
      if (project.bloomreachToken !== null) this.#byToken.set(project.bloomreachToken, project);
    }
  }

  byName(name: string): Project | undefined {
    return this.#all.find((project) => project.name === name);
  }

  byLeanplumApp(app: string): Project | undefined {
    return this.#byApp.get(app);
  }

  /** Project tokens are UUIDs: letter case does not matter. */
  byBloomreachToken(token: string): Project | undefined {
    return this.#byToken.get(token.toLowerCase());
  }
}

/** The class of a Leanplum client key of this project; undefined for any other text. */
export function leanplumKeyClass(project: Project, key: string): LeanplumKeyClass | undefined {
  return project.leanplumKeys.find(({ hash }) => isSecret(key, hash))?.class;
}
