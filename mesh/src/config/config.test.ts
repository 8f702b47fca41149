import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError, configTable, optional, parseConfig, setting } from './config.ts'
import { bytes, duration, flag, integer, list, oneOf, type Parser, port, secret, text, url } from './config-parsers.ts'
import { envTypos } from './env-typos.ts'
import { meshSettings } from './mesh-settings.ts'
import { portSetting, ports } from './ports.ts'

const declaration = {
  name: setting('WEIR_NAME', text, undefined, 'Who this is.'),
  size: setting('WEIR_SIZE', bytes, 65_536, 'How large it may be.'),
  wait: setting('WEIR_WAIT_SECONDS', duration, 1_500, 'How long it may take.'),
  secret: optional('WEIR_SECRET', secret(8), 'What nobody sees.'),
}

test('a declaration gives its values, and defaults where the environment is silent or empty', () => {
  const config = parseConfig(declaration, { WEIR_NAME: 'a', WEIR_SIZE: '', WEIR_WAIT_SECONDS: '0.25', OTHER: 'x' })
  assert.deepEqual(config, { name: 'a', size: 65_536, wait: 250, secret: undefined })
})

test('all faults are reported together, and a secret is in none of them', () => {
  const env = { WEIR_SIZE: '1 parsec', WEIR_WAIT_SECONDS: '-1', WEIR_SECRET: 'hidden' }
  assert.throws(
    () => parseConfig(declaration, env),
    (error) => {
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.faults, [
        'WEIR_NAME is required. Who this is.',
        'WEIR_SIZE must be a size such as 512KiB, 64MiB or 1000000: got "1 parsec".',
        'WEIR_WAIT_SECONDS must be a duration such as 30s or 5m: got "-1".',
        'WEIR_SECRET must be a secret of at least 8 bytes: this one has 6.',
      ])
      for (const fault of error.faults) assert.ok(error.message.includes(fault))
      return true
    },
  )
})

test('the table for docs/config.md has a row a setting', () => {
  assert.equal(
    configTable(declaration),
    [
      '| variable | form | default | what it does |',
      '|---|---|---|---|',
      '| `WEIR_NAME` | text | required | Who this is. |',
      '| `WEIR_SIZE` | a size such as 512KiB, 64MiB or 1000000 | `64KiB` | How large it may be. |',
      '| `WEIR_WAIT_SECONDS` | a duration such as 30s or 5m | `1500ms` | How long it may take. |',
      '| `WEIR_SECRET` | a secret of at least 8 bytes | none | What nobody sees. |',
      '',
    ].join('\n'),
  )
})

const good: readonly [Parser<unknown>, string, unknown][] = [
  [flag, 'true', true],
  [flag, '0', false],
  [integer(-5, 5), '-5', -5],
  [port, '65535', 65_535],
  [duration, '1.5', 1_500],
  [duration, '15m', 900_000],
  [duration, '250ms', 250],
  [bytes, '1000', 1_000],
  [bytes, '64MiB', 67_108_864],
  [bytes, '2 GB', 2e9],
  [url, 'https://a.example/keys', 'https://a.example/keys'],
  [list, 'a, b,c', ['a', 'b', 'c']],
  [oneOf('a', 'b'), 'b', 'b'],
  [meshSettings.natsUrl.parser, 'nats://a:b@h:1,tls://i', 'nats://a:b@h:1,tls://i'],
]

const bad: readonly [Parser<unknown>, string][] = [
  [flag, 'yes'],
  [integer(0, 5), '6'],
  [integer(0, 5), '1.5'],
  [integer(0, 5), '0x1'],
  [port, '65536'],
  [duration, '1e3'],
  [duration, '5 min'],
  [bytes, '1.5MiB'],
  [bytes, '9007199254740993'],
  [url, 'a.example'],
  [list, 'a,,b'],
  [oneOf('a', 'b'), 'c'],
  [meshSettings.natsUrl.parser, 'http://a'],
  [meshSettings.natsUrl.parser, 'nats://user:hidden@'],
]

test('parsers take what they should', () => {
  for (const [parser, value, expected] of good) assert.deepEqual(parser.parse(value), expected, value)
})

test('parsers refuse the rest, and what may hold a password is not repeated', () => {
  for (const [parser, value] of bad) {
    assert.throws(
      () => parser.parse(value),
      (error) => error instanceof Error && !error.message.includes('hidden'),
      value,
    )
  }
})

test('a default is shown as text that parses to it', () => {
  fc.assert(fc.property(fc.nat(), (size) => bytes.parse(bytes.format?.(size) ?? '') === size))
  fc.assert(fc.property(fc.nat({ max: 1e9 }), (ms) => duration.parse(duration.format?.(ms) ?? '') === ms))
})

test('WEIR_PORT_BASE moves all ports together, and a variable of its own moves one', () => {
  const both = { hub: portSetting('hub', ''), natsWebsocket: portSetting('natsWebsocket', '') }
  assert.deepEqual(parseConfig(both, {}), { hub: 8080, natsWebsocket: 8443 })
  assert.deepEqual(parseConfig(both, { WEIR_PORT_BASE: '9000' }), { hub: 9000, natsWebsocket: 9005 })
  assert.deepEqual(parseConfig(both, { WEIR_PORT_BASE: '9000', WEIR_HUB_PORT: '1' }), { hub: 1, natsWebsocket: 9005 })
  assert.throws(() => parseConfig(both, { WEIR_PORT_BASE: '65600' }), {
    faults: ['WEIR_PORT_BASE must be an integer from 1 to 65500: got "65600".'],
  })
  assert.equal(new Set(Object.values(ports).map(({ offset }) => offset)).size, Object.keys(ports).length)
})

test('a variable that is nearly one that is read is pointed out, and no other', () => {
  const env = { WEIR_NAMES: 'x', WEIR_SECERT: 'x', WEIR_ELSEWHERE: 'x', NAME: 'x', WEIR_NAME: 'x' }
  assert.deepEqual(envTypos(declaration, env), [
    'WEIR_NAMES is not read here. Did you mean WEIR_NAME?',
    'WEIR_SECERT is not read here. Did you mean WEIR_SECRET?',
  ])
})
