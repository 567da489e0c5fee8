/**
 * Draws users for one connection: uniformly and in no visible order, each of them once before any comes again.
 *
 * Connection `c` of `n` owns the users that are `c` modulo `n`. So no user is in two requests at once and the times of a
 * user's items only grow, as they do on one phone; otherwise a late attribute write would rightly lose against a newer
 * one, leave no line, and the count of stored items would be off for no fault of the server.
 */
export class UserCycle {
  readonly size: number;
  private readonly connection: number;
  private readonly connections: number;
  private readonly stride: number;
  private position: number;

  constructor(options: { connection: number; connections: number; users: number; ordered: boolean }) {
    this.connection = options.connection;
    this.connections = options.connections;
    this.size = Math.max(1, Math.floor(options.users / options.connections));
    this.stride = options.ordered ? 1 : coprimeStride(this.size);
    this.position = options.ordered ? 0 : Math.floor(Math.random() * this.size);
  }

  next(): number {
    const user = this.connection + this.connections * this.position;
    this.position = (this.position + this.stride) % this.size;
    return user;
  }
}

/** A step near the golden section of `size` that meets every position before it returns to the first. */
function coprimeStride(size: number): number {
  let stride = Math.max(1, Math.round(size * 0.618));
  while (greatestCommonDivisor(stride, size) !== 1) stride += 1;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
