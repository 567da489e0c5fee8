import stringWidth from 'string-width';

/** Columns of one cell; longer texts are cut, except in the last column. */
const cellMax = 60;

/**
 * Rows under a heading, for people. Control characters are made visible: what users send must not steer an operator's
 * terminal.
 */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) =>
    row.map((cell, at) => fit(visible(cell), at === row.length - 1)),
  );
  const widths = heading.map((_, at) => Math.max(...all.map((row) => stringWidth(row[at] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, at) => pad(cell, widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values under each other. */
export function list(entries: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...entries.map(([name]) => stringWidth(visible(name))));
  return entries
    .map(([name, value]) => `${pad(visible(name), width)}  ${visible(value)}`.trimEnd())
    .join('\n');
}

export function visible(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

function fit(text: string, isLast: boolean): string {
  if (isLast || stringWidth(text) <= cellMax) return text;
  let cut = '';
  for (const character of text) {
    if (stringWidth(cut + character) >= cellMax) break;
    cut += character;
  }
  return `${cut}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

export function showTime(ms: number | null): string {
  return ms === null
    ? '-'
    : new Date(ms)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');
}

export function showBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function showDuration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(seconds)} s`;
}
