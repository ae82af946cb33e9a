/** Flag files as a person writes them, and the errors about them. */
import { describe, expect, it } from 'vitest';
import { readFlagFile } from '../../src/flag-file/read.js';
import { describeConfig } from '../../src/words/configs.js';

const options = { name: 'flags.yaml', environment: '7' };

function read(...lines: string[]) {
  return readFlagFile(['holdfast: 1', 'configs:', ...lines].join('\n'), options);
}

describe('a flag file', () => {
  it('a rollout by e-mail domain is written in a few lines', () => {
    const [config = {}] = read(
      '  new-checkout:',
      '    type: flag',
      '    description: The checkout of 2027',
      '    clientSide: true',
      '    rules:',
      '      - when: user.email ends with @acme.com',
      '        value: true',
      '      - when:',
      '          - in segment beta',
      '          - app.version >= 1.2.0',
      '        rollout: 25.5% by user.key',
      '    default: false',
    );
    expect(describeConfig(config, '7')).toEqual([
      'flag of type bool, sent to client-side SDKs',
      'The checkout of 2027',
      'when user.email ends with @acme.com then true',
      'when in segment beta and app.version = 1.2.0 then 25.5 % true, 74.5 % false by user.key',
      'when in segment beta and app.version > 1.2.0 then 25.5 % true, 74.5 % false by user.key',
      'otherwise false',
    ]);
  });

  it.each([
    ['text', 'hello', 'STRING'],
    ['a whole number', '5', 'INT'],
    ['a number', '0.5', 'DOUBLE'],
    ['a list of texts', '[a, b]', 'STRING_LIST'],
    ['a map', '{a: 1}', 'JSON'],
  ])('a config with %s as its default has that value type', (_, value, type) => {
    expect(read('  a:', '    type: config', `    default: ${value}`)[0]?.valueType).toBe(type);
  });

  it.each<[string, string[], string]>([
    ['no type', ['  a:', '    default: 1'], '4:5: a config must have a type: one of flag, config'],
    [
      'an unknown type',
      ['  a:', '    type: flg'],
      '4:11: the type must be a known one, not "flg"; did you mean "flag"?',
    ],
    [
      'an unknown key',
      ['  a:', '    type: flag', '    defalt: true'],
      '5:5: "defalt" is not a key here; did you mean "default"?',
    ],
    [
      'a key given twice',
      ['  a: {type: flag, default: true}', '  a: {type: flag, default: true}'],
      '4:3: "a" is given twice; keep one of them.',
    ],
    [
      'a wrong value',
      ['  a:', '    type: flag', '    valueType: bool', '    default: "yes"'],
      '6:14: a value of type bool must be true or false.',
    ],
    [
      'a wrong condition',
      [
        '  a:',
        '    type: flag',
        '    rules:',
        '      - when: user.email endswith x',
        '        value: true',
        '    default: false',
      ],
      '6:26: "endswith" begins no operator; did you mean "ends with"?',
    ],
    [
      'a wrong condition in quotes',
      [
        '  a:',
        '    type: flag',
        '    rules:',
        '      - when: "user.email endswith x"',
        '        value: true',
        '    default: false',
      ],
      '6:27: "endswith" begins no operator',
    ],
    [
      'shares that do not add up',
      [
        '  a:',
        '    type: config',
        '    valueType: string',
        '    rollout:',
        '      by: user.key',
        '      values: [25%: x, 70%: y]',
      ],
      '8:15: the shares add up to 95 %, and must add up to 100 %.',
    ],
    [
      'a rollout by nothing',
      ['  a:', '    type: config', '    valueType: string', '    rollout:', '      values: [100%: x]'],
      '7:7: must name the property that it hashes by',
    ],
    [
      'a duration of no form',
      ['  a:', '    type: config', '    valueType: duration', '    default: 5s'],
      '6:14: rows[0].values[0].value.duration must be a duration such as P1DT2H30M',
    ],
    ['an alias', ['  a: &a {type: flag, default: true}', '  b: *a'], '4:6: is an alias'],
    ['bad YAML', ['  a: {'], '3:7: '],
    ['no rule and no default', ['  a: {type: flag}'], '3:3: rows[0].values must have a value'],
  ])('an error points at %s', (_, lines, message) => {
    expect(() => read(...lines)).toThrow(`flags.yaml:${message}`);
  });

  it('a file without its version is refused', () => {
    expect(() => readFlagFile('configs: {}', options)).toThrow(
      'flags.yaml:1:1: a flag file must say "holdfast: 1"',
    );
  });
});
