import type { LeanplumKeyClass, Project } from '../../core/project.ts';
import { leanplumKeyClass, type Projects } from '../../engine/projects.ts';
import { type Fault, faults } from './fault.ts';
import { booleanOf, type Parameters, textOf } from './parameters.ts';

export interface Credentials {
  readonly project: Project;
  readonly keyClass: LeanplumKeyClass;
  /** Whether the call and its actions may say `devMode`. */
  readonly mayUseDevMode: boolean;
}

export interface Gate {
  readonly projects: Projects;
  /** Production keys may say `devMode` too. */
  readonly productionKeyDevMode: boolean;
}

/** Who calls (contract 1.7, 1.9): the app and its key, checked once for the whole call. */
export function authenticate(
  call: Parameters,
  { projects, productionKeyDevMode }: Gate,
): Credentials | Fault {
  const app = textOf(call['appId']) ?? '';
  const key = textOf(call['clientKey']) ?? '';
  if (app === '') return faults.missing('appId');
  if (key === '') return faults.missing('clientKey');
  const project = projects.byLeanplumApp(app);
  if (project === undefined) return faults.appNotFound;
  const keyClass = leanplumKeyClass(project, key);
  if (keyClass === undefined) return faults.invalidKey;
  const mayUseDevMode = keyClass !== 'production' || productionKeyDevMode;
  if (!mayUseDevMode && booleanOf(call['devMode'])) return faults.noDevMode;
  return { project, keyClass, mayUseDevMode };
}

/** Whether a key may call an action of class `needed`: the development key does all that the production key does. */
export function mayCall(keyClass: LeanplumKeyClass, needed: LeanplumKeyClass): boolean {
  return keyClass === needed || (keyClass === 'development' && needed === 'production');
}
