/** Rules about files and folders as such: length, names, number. */
import { posix } from 'node:path';
import { inEach, isServerCode, type Rule } from './rule.ts';

const linesMax = 300;
const testLinesMax = 600;
const folderFilesMax = 25;

export const fileLength: Rule = inEach(
  () => true,
  ({ text, isTest }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    const max = isTest ? testLinesMax : linesMax;
    return lines > max ? [{ line: max, message: `${lines} lines: a file has at most ${max}` }] : [];
  },
);

/** Tests do not count: they stand beside what they test. */
export const folderSize: Rule = ({ sources }) => {
  const folders = Map.groupBy(sources.filter(isServerCode), ({ path }) => posix.dirname(path));
  return [...folders]
    .filter(([, files]) => files.length > folderFilesMax)
    .map(([path, files]) => ({
      path,
      line: 1,
      message: `${files.length} files: a folder has at most ${folderFilesMax}`,
    }));
};

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const wireNamed = /^src\/dialects\/[^/]+\/(actions|commands)\/([^/]+\/)*[^/]+$/;

/** A file that implements one item of a wire format is spelled like it, so that a search for the wire name finds it. */
export const fileName: Rule = inEach(
  () => true,
  ({ path }) => {
    const parts = (wireNamed.test(path) ? posix.dirname(path) : path.replace(/(\.test)?\.\w+$/, '')).split(
      '/',
    );
    const wrong = parts.find((part) => !kebabCase.test(part));
    return wrong === undefined ? [] : [{ message: `${wrong} is not kebab-case` }];
  },
);
