import { type Fault, faults } from './fault.ts';
import { devModeUsersMax } from './limits.ts';
import type { Call, Step } from './translate.ts';

/** Whose requests in development mode are limited: nobody's, those of API callers, or those of SDKs too. */
export type DevModeLimited = 'off' | 'api' | 'all';

/**
 * One request in development mode a second and user (contract 8.1; the time is a setting). SDKs send every action at once
 * there, and would only try again: so theirs are limited only when an operator wants it.
 */
export class DevModeLimit {
  readonly #limited: DevModeLimited;
  readonly #intervalMs: number;
  /** When a user's last request that was let in came, by `receivedMs`; the oldest first. Who may call again is forgotten. */
  readonly #lastMs = new Map<string, number>();

  constructor(limited: DevModeLimited, intervalMs: number) {
    this.#limited = limited;
    this.#intervalMs = intervalMs;
  }

  /** How many users are remembered. */
  get users(): number {
    return this.#lastMs.size;
  }

  /** Why a call is refused as a whole; otherwise it counts as the last one of its users. */
  refuses({ credentials, isSdk }: Call, steps: readonly Step[], receivedMs: number): Fault | undefined {
    if (this.#limited === 'off' || (isSdk && this.#limited === 'api')) return undefined;
    const users = new Set<string>();
    for (const step of steps) {
      if (step.fault !== undefined || !step.call.devMode) continue;
      const { userId, deviceId } = step.call.user;
      const name = userId ?? deviceId;
      if (name === undefined) continue;
      const user = `${credentials.project.id}/${name}`;
      if (this.#isTooSoon(user, receivedMs))
        return deviceId === undefined ? faults.userTooFast : faults.deviceTooFast;
      users.add(user);
    }
    this.#forget(receivedMs);
    for (const user of users) this.#remember(user, receivedMs);
    return undefined;
  }

  #isTooSoon(user: string, nowMs: number): boolean {
    const lastMs = this.#lastMs.get(user);
    return lastMs !== undefined && this.#isRecent(lastMs, nowMs);
  }

  /** A last request in the future is one from before the clock was set back. */
  #isRecent(lastMs: number, nowMs: number): boolean {
    const agoMs = nowMs - lastMs;
    return agoMs >= 0 && agoMs < this.#intervalMs;
  }

  #forget(nowMs: number): void {
    for (const [user, lastMs] of this.#lastMs) {
      if (this.#isRecent(lastMs, nowMs)) return;
      this.#lastMs.delete(user);
    }
  }

  #remember(user: string, nowMs: number): void {
    this.#lastMs.delete(user);
    const [oldest] = this.#lastMs.keys();
    if (this.#lastMs.size >= devModeUsersMax && oldest !== undefined) this.#lastMs.delete(oldest);
    this.#lastMs.set(user, nowMs);
  }
}
