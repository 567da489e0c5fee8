const start = '{"success":true,"fields":[';
const end = ']}';
/** How the row of a customer begins, as `registered` is the first column: this and eight digits. */
const mark = Buffer.from('["user-');
const rowStartBytes = mark.length + 8;

/**
 * Reads an export as it comes in: all of it has to be there, with the customers from 0 on, each exactly once. It looks at
 * few bytes, as parsing would cost more than the server has to do.
 */
export class ExportCheck {
  bytes = 0;
  private count = 0;
  private readonly seen: Uint8Array;
  /** The last bytes, in which a row may have begun. */
  private rest: Buffer = Buffer.alloc(0);

  constructor(customers: number) {
    this.seen = new Uint8Array(customers);
  }

  push(chunk: Buffer): void {
    const bytes = Buffer.concat([this.rest, chunk]);
    if (this.bytes < start.length && this.bytes + chunk.length >= start.length) this.checkStart(bytes);
    this.bytes += chunk.length;
    let done = 0;
    for (;;) {
      const at = bytes.indexOf(mark, done);
      if (at < 0 || at + rowStartBytes > bytes.length) break;
      done = at + rowStartBytes;
      this.see(Number(bytes.toString('latin1', at + mark.length, done)));
    }
    const keep = this.bytes < start.length ? start.length : rowStartBytes - 1;
    this.rest = bytes.subarray(Math.max(done, bytes.length - keep));
  }

  /** Throws unless everybody was there. */
  end(): void {
    if (!this.rest.toString('latin1').endsWith(end)) throw new Error('The export broke off');
    const { count, seen } = this;
    if (count !== seen.length) throw new Error(`${count} customers in the export instead of ${seen.length}`);
  }

  private checkStart(bytes: Buffer): void {
    const found = bytes.toString('latin1', 0, start.length);
    if (found !== start) throw new Error(`An export begins with ${found}`);
  }

  private see(customer: number): void {
    const before = this.seen[customer];
    if (before === undefined)
      throw new Error(`Customer ${customer} is in the export, and in nothing that was sent`);
    if (before > 0) throw new Error(`Customer ${customer} is in the export twice`);
    this.seen[customer] = 1;
    this.count += 1;
  }
}
