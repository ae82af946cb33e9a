/**
 * An event for each code with which a change can be refused. The environment is 1, where the event
 * id `used` is taken.
 */
import { text } from '../support/configs.js';
import { change, json, type Fields } from '../support/inbox.js';

export const refusals: readonly (readonly [code: string, fields: Fields])[] = [
  [
    'body_invalid',
    [
      ['environment', '1'],
      ['json', 'nonsense'],
    ],
  ],
  [
    'field_invalid',
    [
      ['environment', '1'],
      ['json', '{"configs": []}'],
    ],
  ],
  [
    'environment_unknown',
    [
      ['environment', '7'],
      ['json', json(change('a'))],
    ],
  ],
  [
    'key_empty',
    [
      ['environment', '1'],
      ['json', json(change(''))],
    ],
  ],
  [
    'key_duplicate',
    [
      ['environment', '1'],
      ['json', json(change('a'), change('a'))],
    ],
  ],
  [
    'rows_missing',
    [
      ['environment', '1'],
      ['json', json({ key: 'a', configType: 'CONFIG' })],
    ],
  ],
  [
    'rows_unexpected',
    [
      ['environment', '1'],
      ['json', json({ ...change('a'), configType: 'DELETED' })],
    ],
  ],
  [
    'row_environment',
    [
      ['environment', '1'],
      [
        'json',
        json({ ...change('a'), rows: [{ projectEnvId: '2', values: change('a').rows![0]!.values! }] }),
      ],
    ],
  ],
  [
    'value_type_mismatch',
    [
      ['environment', '1'],
      ['json', json({ ...change('a'), valueType: 'INT' })],
    ],
  ],
  [
    'value_invalid',
    [
      ['environment', '1'],
      [
        'json',
        json({
          key: 'a',
          configType: 'CONFIG',
          valueType: 'JSON',
          rows: [{ values: [{ value: { json: { json: '{' } } }] }],
        }),
      ],
    ],
  ],
  [
    'weights_invalid',
    [
      ['environment', '1'],
      [
        'json',
        json({
          ...change('a'),
          rows: [
            {
              values: [
                { value: { weightedValues: { weightedValues: [{ weight: -1, value: { bool: true } }] } } },
              ],
            },
          ],
        }),
      ],
    ],
  ],
  [
    'operator_unsupported',
    [
      ['environment', '1'],
      [
        'json',
        json({
          ...change('a'),
          rows: [{ values: [{ criteria: [{ operator: 'ALWAYS_TRUE' }], value: { bool: true } }] }],
        }),
      ],
    ],
  ],
  [
    'segment_missing',
    [
      ['environment', '1'],
      [
        'json',
        json({
          ...change('a'),
          rows: [
            {
              values: [
                {
                  criteria: [{ operator: 'IN_SEG', valueToMatch: { string: 's' } }],
                  value: { bool: true },
                },
              ],
            },
          ],
        }),
      ],
    ],
  ],
  [
    'segment_circular',
    [
      ['environment', '1'],
      [
        'json',
        json({
          key: 's',
          configType: 'SEGMENT',
          valueType: 'BOOL',
          rows: [
            {
              values: [
                {
                  criteria: [{ operator: 'IN_SEG', valueToMatch: { string: 's' } }],
                  value: { bool: true },
                },
              ],
            },
          ],
        }),
      ],
    ],
  ],
  [
    'id_conflict',
    [
      ['environment', '1'],
      ['json', json({ ...change('a'), id: '5' })],
    ],
  ],
  [
    'change_too_large',
    [
      ['environment', '1'],
      ['configs', Buffer.alloc(1024 * 1024 + 1)],
    ],
  ],
  [
    'config_too_large',
    [
      ['environment', '1'],
      ['json', json(text('a', 'x'.repeat(60_000)))],
    ],
  ],
  [
    'idempotency_mismatch',
    [
      ['environment', '1'],
      ['event', 'used'],
      ['json', json(change('other'))],
    ],
  ],
];
