/** One figure: what was aimed at, where there is an aim. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: string;
}

export type Report = (name: string, value: number, unit: string, goal?: string) => void;

/** What `bench:data` has measured so far; each is said when it is known. */
export class Figures {
  readonly list: Figure[] = [];

  readonly report: Report = (name, value, unit, goal) => {
    this.list.push({ name, value, unit, ...(goal !== undefined && { goal }) });
    process.stderr.write(`${name}: ${format(value)} ${unit}\n`);
  };

  toTable(): string {
    const rows = this.list.map((it) => [it.name, format(it.value), it.unit, it.goal ?? '']);
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    const [first = 0, second = 0] = widths;
    return rows
      .map(([name = '', value = '', unit = '', goal = '']) =>
        `${name.padEnd(first)}  ${value.padStart(second)} ${unit.padEnd(11)} ${goal}`.trimEnd(),
      )
      .join('\n');
  }
}

function format(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 10 || Number.isInteger(value) ? value.toFixed(value >= 100 ? 0 : 1) : value.toFixed(3);
}
