import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { csv } from '../lib/csv.ts';
import { list, showBytes, showDuration, showTime, table, visible } from './output.ts';
import { openTerminal } from './terminal.ts';

describe('tables', () => {
  test('align their columns by what a terminal shows', () => {
    const text = table(
      ['NAME', 'N'],
      [
        ['ann', '1'],
        ['日本', '22'],
      ],
    );
    assert.equal(text, 'NAME  N\nann   1\n日本  22');
  });

  test('cut long cells, but not those of the last column', () => {
    const long = 'x'.repeat(100);
    const [, row = ''] = table(['A', 'B'], [[long, long]]).split('\n');
    assert.equal(row, `${'x'.repeat(59)}…  ${long}`);
  });

  test('hold one row in one line, whatever it holds', () => {
    assert.equal(table(['A'], [['a\nb\r\u001b[2J']]), 'A\na\\u{a}b\\u{d}\\u{1b}[2J');
    assert.equal(visible('\u0000\u009b\u202e\u2028\ud800'), '\\u{0}\\u{9b}\\u{202e}\\u{2028}\ufffd');
  });

  test('lists align their values', () => {
    assert.equal(
      list([
        ['a', '1'],
        ['long', '2'],
      ]),
      'a     1\nlong  2',
    );
  });
});

test('csv quotes what has to be quoted', () => {
  assert.equal(
    csv([
      ['a', 'b,c', 'd"e'],
      [null, 1.5, { x: 1 }],
      ['f\ng', true, ''],
    ]),
    'a,"b,c","d""e"\r\n,1.5,"{""x"":1}"\r\n"f\ng",true,',
  );
});

describe('numbers', () => {
  const bytes: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 KB'],
    [45_056, '45 KB'],
    [3e12, '3.0 TB'],
    [5e15, '5000 TB'],
  ];
  for (const [value, text] of bytes) test(text, () => assert.equal(showBytes(value), text));
  const durations: [number, string][] = [
    [0, '0 s'],
    [61, '1 min 1 s'],
    [3_700, '1 h 1 min'],
    [90_000, '1 d 1 h'],
  ];
  for (const [value, text] of durations) test(text, () => assert.equal(showDuration(value), text));
  test('times', () => {
    assert.equal(showTime(0), '1970-01-01 00:00:00Z');
    assert.equal(showTime(null), '-');
  });
});

describe('progress', () => {
  const written = (isTTY: boolean) => {
    let text = '';
    const write = (piece: string) => {
      text += piece;
      return true;
    };
    const stderr = { isTTY, write };
    const terminal = openTerminal({ dataFolder: '.', json: false, stdout: stderr, stderr });
    terminal.progress('copying', 50, 200);
    terminal.endProgress();
    return text;
  };
  test('is drawn on a terminal', () => {
    assert.match(written(true), /copying +\[#{8}\.{22}\] +25 % of 200 B/);
  });
  test('is not written into a file or a pipe', () => {
    assert.equal(written(false), '');
  });
});
