import type { ProjectId } from '../core/ids.ts';
import type { StateStore } from './store.ts';

export interface EngineOptions {
  readonly store: StateStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The store's outcome is unknown: the process must stop. Everybody who waits has been answered. */
  readonly onFatal: (error: unknown) => void;
  /** A bug met one command; it was answered as failed. */
  readonly onBug: (error: unknown) => void;
  /** An item was left out, or a part of it was: its project has as many names as it may have. */
  readonly onNamesFull?: (project: ProjectId) => void;
  readonly cacheBytes?: number;
  /** How long a batch may wait for its turn. */
  readonly waitMaxMs?: number;
}
