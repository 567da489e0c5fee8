/**
 * Reads a source file as the rules need it: code without comments and strings, comments alone, imports. TypeScript 7
 * has no stable parser to call, so this tells tokens apart by itself; it needs no more grammar than that.
 */
import { posix } from 'node:path';

export interface TextFile {
  /** From the root of the repository, with forward slashes. */
  path: string;
  text: string;
}

export interface Source extends TextFile {
  isTest: boolean;
  /** The text with comments and what stands inside quotes blanked out; every character keeps its place. */
  code: string;
  /** The text with everything but comments blanked out. */
  comments: string;
  imports: Import[];
}

/** An import in any form, also of types only, and also a URL by which a worker thread is started. */
export interface Import {
  specifier: string;
  /** The path in the repository that a relative specifier names. */
  path: string | undefined;
  line: number;
}

export function readSource(file: TextFile): Source {
  const { code, comments } = separate(file.text);
  return {
    ...file,
    isTest: file.path.endsWith('.test.ts') || file.path.endsWith('.test.tsx'),
    code,
    comments,
    imports: findImports(file, code),
  };
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

// Each ends right after the opening quote of the specifier.
const importForms = [
  /[}\w$*\s]from\s*['"]/g,
  /\bimport\s*['"]/g,
  /\bimport\s*\(\s*['"]/g,
  /\bnew URL\(\s*['"](?=\s*['"]\s*,\s*import\.meta\.url)/g,
];

function findImports(file: TextFile, code: string): Import[] {
  const imports: Import[] = [];
  for (const form of importForms) {
    for (const match of code.matchAll(form)) {
      const start = match.index + match[0].length;
      const specifier = file.text.slice(start, code.indexOf(code.charAt(start - 1), start));
      const isUrl = match[0].startsWith('new URL');
      // Other URLs name a folder or a data file.
      if (isUrl && !specifier.endsWith('.ts')) continue;
      const isRelative = specifier.startsWith('.');
      imports.push({
        specifier,
        path: isRelative ? posix.join(posix.dirname(file.path), specifier) : undefined,
        line: lineAt(file.text, start),
      });
    }
  }
  return imports.sort((a, b) => a.line - b.line);
}

// One token at a time. A slash begins a regular expression only where a value may begin; `separate` knows where.
const tokens = {
  comment: /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y,
  string: /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y,
  regularExpression: /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/y,
  /** A piece of a template: up to its end, or up to the next `${`. */
  template: /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y,
  other: /[\w$]+|\s+|[\s\S]/y,
};
const wordsBeforeValue =
  /^(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await|instanceof|extends)$/;

/** Splits a text into two of the same length: its code (strings are emptied) and its comments. */
function separate(text: string): { code: string; comments: string } {
  let code = '';
  let comments = '';
  let at = 0;
  let last = '';
  // Open braces, innermost last: "`" for the `${` of a template, "{" for any other.
  const braces: string[] = [];

  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const token = form.exec(text)?.[0];
    if (token !== undefined) at += token.length;
    return token;
  };
  const addCode = (shown: string) => {
    code += shown;
    comments += blank(shown);
  };
  const addTemplate = () => {
    const piece = take(tokens.template) ?? '';
    if (piece.endsWith('${')) braces.push('`');
    addCode(blank(piece));
    last = '`';
  };

  while (at < text.length) {
    const comment = take(tokens.comment);
    if (comment !== undefined) {
      code += blank(comment);
      comments += comment;
      continue;
    }
    const quoted = take(tokens.string) ?? (mayBeginValue(last) ? take(tokens.regularExpression) : undefined);
    if (quoted !== undefined) {
      addCode(quoted.charAt(0) + blank(quoted.slice(1, -1)) + quoted.slice(1).slice(-1));
      last = quoted;
      continue;
    }
    const other = take(tokens.other) ?? '';
    const closed = other === '}' ? braces.pop() : undefined;
    addCode(closed === '`' ? ' ' : other);
    if (other === '{') braces.push('{');
    if (other === '`' || closed === '`') addTemplate();
    else if (other.trim() !== '') last = other;
  }
  return { code, comments };
}

function mayBeginValue(last: string): boolean {
  return wordsBeforeValue.test(last) || !/[\w$)\]}'"`/]$/.test(last);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
