import { lineAt, type Source } from './source.ts';

/** What the rules look at: every source file, and README.md for those settings have to stand in. */
export interface Tree {
  sources: Source[];
  readme: string;
}

export interface Violation {
  path: string;
  line: number;
  rule: string;
  message: string;
}

export type Finding = Omit<Violation, 'rule'>;
export type Rule = (tree: Tree) => Finding[];

/** A rule that looks at one file at a time. */
export function inEach(
  isConcerned: (source: Source) => boolean,
  check: (source: Source) => { line?: number; message: string }[],
): Rule {
  return ({ sources }) =>
    sources.filter(isConcerned).flatMap((source) => {
      return check(source).map(({ line = 1, message }) => ({ path: source.path, line, message }));
    });
}

/** Every place where a pattern (global) matches, with what to say about it. */
export function findAll(text: string, pattern: RegExp, message: (found: string) => string) {
  return [...text.matchAll(pattern)].map((match) => ({
    line: lineAt(text, match.index),
    message: message(match[0].trim()),
  }));
}

export function isServerCode(source: Source): boolean {
  return source.path.startsWith('src/') && !source.isTest;
}
