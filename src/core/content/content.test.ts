import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { developerDevicesMax } from '../limits.ts';
import {
  applyToContent,
  type Content,
  type ContentRequest,
  noContent,
  readContent,
  weighContent,
  writePart,
} from './content.ts';

function after(...requests: readonly ContentRequest[]): Content {
  return requests.reduce((content, request) => applyToContent(content, request).content, noContent);
}

const register = (device: string, email = 'dev@example.com'): ContentRequest => ({
  do: 'register_device',
  device,
  email,
});

describe('a content', () => {
  test('a part that is registered takes the place of the one before it', () => {
    const content = after(
      {
        do: 'register',
        parts: { variables: new Map([['a', 1]]), variableKinds: new Map([['a', 'integer']]) },
      },
      { do: 'register', parts: { variables: new Map([['b', 2]]) } },
    );
    assert.deepEqual([...content.variables], [['b', 2]]);
    assert.deepEqual([...content.variableKinds], [['a', 'integer']]);
  });

  test('removed variables go with their kinds; nothing else does', () => {
    const names = ['a', 'a.b', 'a.b.c', 'ab', 'x.a'];
    const all = (value: string) => new Map(names.map((name) => [name, value]));
    const before = after({ do: 'register', parts: { variables: all('v'), variableKinds: all('k') } });
    const result = applyToContent(before, { do: 'remove_variables', names: ['a.b', 'x', 'none'] });
    assert.deepEqual(result.removed, ['a.b', 'a.b.c', 'x.a']);
    assert.deepEqual([...result.content.variables.keys()], ['a', 'ab']);
    assert.deepEqual([...result.content.variableKinds.keys()], ['a', 'ab']);
    assert.equal(before.variables.size, names.length, 'what others hold does not change');
  });

  test('removing what is not there changes nothing', () => {
    const result = applyToContent(noContent, { do: 'remove_variables', names: ['a'] });
    assert.deepEqual(result, { content: noContent, changed: [], removed: [], isNewDevice: false });
  });

  test('of too many devices the one registered longest ago gives way', () => {
    const devices = Array.from({ length: developerDevicesMax }, (_, n) => register(`d${n}`));
    const content = after(...devices, register('d0', 'new@example.com'), register('another'));
    assert.equal(content.developerDevices.size, developerDevicesMax);
    assert.equal(content.developerDevices.get('d0'), 'new@example.com');
    assert.equal(content.developerDevices.has('d1'), false);
    assert.equal(applyToContent(content, register('d2')).isNewDevice, false);
    assert.equal(applyToContent(content, register('d1')).isNewDevice, true);
  });

  test('read again it is as it was written, in its order, whatever the names', () => {
    const part = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', '1', '')), fc.jsonValue());
    fc.assert(
      fc.property(part, part, (variables, fileAttributes) => {
        // As values come from the wire: -0 is no JSON.
        const plain = (given: typeof variables) =>
          new Map(Object.entries(JSON.parse(JSON.stringify(given)))) as never;
        const content: Content = {
          ...noContent,
          variables: plain(variables),
          fileAttributes: plain(fileAttributes),
        };
        const read = readContent([
          ['variables', writePart(content.variables)],
          ['fileAttributes', writePart(content.fileAttributes)],
        ]);
        assert.deepEqual(read, content);
        assert.deepEqual([...read.variables.keys()], [...content.variables.keys()]);
        assert.equal(weighContent(read), weighContent(content));
      }),
    );
  });
});
