import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../cli/test/processes.ts'
import { connectNats, createLogger, defaultTenantSpec, provisionTenant } from '../mesh/src/index.ts'
import { startNats, type TestNats } from '../mesh/src/testing/test-server.ts'

// What an operator sees of a service that was told something wrong: one sentence that says what to
// set, and an exit code.

const root = fileURLToPath(new URL('..', import.meta.url))
const password = 'right'
const secret = 'a secret for tests that is long enough'

let nats: TestNats
let taken: Server
let natsUrl: (given: string) => string
let takenPort: number

before(async () => {
  const config = `authorization { users: [{ user: one, password: ${password} }] }`
  nats = await startNats({ config })
  natsUrl = (given) => nats.url.replace('//', `//one:${given}@`)
  const nc = await connectNats({ url: natsUrl(password), name: 'admin', log: createLogger('test', 'fatal') })
  await provisionTenant(nc, 'main', defaultTenantSpec)
  await nc.close()
  taken = createServer().listen(0, '127.0.0.1')
  await until('a port is taken', () => taken.listening)
  takenPort = (taken.address() as { port: number }).port
})

after(async () => {
  taken.close()
  await nats.stop()
})

for (const [name, runtime] of [
  ['ingest', 'bun'],
  ['hub', 'node'],
  ['projector', 'bun'],
] as const) {
  const command = [`${root}.tools/bin/${runtime}`, `${root}${name}/src/main.ts`]
  const upper = name.toUpperCase()
  const sound = (): Record<string, string> => ({
    WEIR_NATS_URL: natsUrl(password),
    WEIR_JWT_SECRET: secret,
    [`WEIR_${upper}_PORT`]: '0',
    [`WEIR_${upper}_ADMIN_PORT`]: '0',
    DATABASE_URL: 'postgres://127.0.0.1:1/nowhere',
  })

  test(`${name}: without a key for tokens, or with two, one line on standard error says what to set`, async () => {
    const sentence = 'Set WEIR_JWKS_URL, or WEIR_JWT_SECRET for development: one of the two.\n'
    for (const settings of [{ WEIR_JWT_SECRET: '' }, { WEIR_JWKS_URL: 'http://127.0.0.1:1/keys' }]) {
      const { code, out, err } = await end(start(command, { ...sound(), ...settings }))
      assert.deepEqual({ code, out, err }, { code: 1, out: '', err: sentence })
    }
  })

  test(`${name}: every setting that cannot be used is named, each in a line, and the exit code is 78`, async () => {
    const settings = { WEIR_JWT_SECRET: 'short', WEIR_NATS_URL: 'here', WEIR_DRAIN_SECONDS: 'soon' }
    const { code, out, err } = await end(start(command, { ...sound(), ...settings }))
    assert.deepEqual([code, out], [78, ''])
    assert.deepEqual(err.split('\n'), [
      'The configuration cannot be used:',
      '  WEIR_NATS_URL must be a comma-separated list of nats:// URLs: this cannot be read as one.',
      '  WEIR_JWT_SECRET must be a secret of at least 32 bytes: this one has 5.',
      '  WEIR_DRAIN_SECONDS must be a duration such as 30s or 5m: got "soon".',
      '',
    ])
  })

  for (const [fault, settings, sentence] of [
    [
      'a wrong NATS password',
      () => ({ WEIR_NATS_URL: natsUrl('wrong') }),
      /^\w+ cannot start: NATS at \S+ refuses the user in WEIR_NATS_URL, or its password\.$/,
    ],
    [
      'no NATS',
      () => ({ WEIR_NATS_URL: 'nats://127.0.0.1:1' }),
      /^\w+ cannot start: NATS at 127\.0\.0\.1:1 does not answer: start it, or say in WEIR_NATS_URL where it is\.$/,
    ],
    [
      'a port that is taken',
      () => ({ [`WEIR_${upper}_PORT`]: String(takenPort) }),
      new RegExp(`^\\w+ cannot start: Port \\d+ o[nf] \\S+ is taken.* WEIR_${upper}_PORT `),
    ],
    [
      'an admin port that is taken',
      () => ({ [`WEIR_${upper}_ADMIN_PORT`]: String(takenPort) }),
      new RegExp(`^\\w+ cannot start: Port \\d+ on \\S+ is taken.* WEIR_${upper}_ADMIN_PORT `),
    ],
    [
      'an address of another machine',
      () => ({ WEIR_HOST: '192.0.2.1' }),
      /^\w+ cannot start: 192\.0\.2\.1 is not an address of this machine: set WEIR_HOST\.$/,
    ],
    [
      'a name that is no address',
      () => ({ WEIR_HOST: 'nowhere.invalid' }),
      /^\w+ cannot start: nowhere\.invalid is not an address of this machine: set WEIR_HOST\.$/,
    ],
  ] as const) {
    test(`${name}: ${fault} ends the start with 1 and a sentence, without a stack or a password`, async () => {
      const { code, out } = await end(start(command, { ...sound(), ...settings() }))
      assert.equal(code, 1)
      const fatal = linesOf(out).filter(({ level }) => level === 'fatal')
      assert.equal(fatal.length, 1, out)
      assert.match(fatal[0]?.msg ?? '', sentence)
      assert.doesNotMatch(JSON.stringify(fatal), /"stack"|wrong|right/)
    })
  }
}

test('ingest: routes that cannot be read end the start with the name of the setting', async () => {
  const { code, out } = await end(
    start([`${root}.tools/bin/bun`, `${root}ingest/src/main.ts`], {
      WEIR_NATS_URL: natsUrl(password),
      WEIR_JWT_SECRET: secret,
      WEIR_INGEST_PORT: '0',
      WEIR_INGEST_ADMIN_PORT: '0',
      WEIR_INGEST_ROUTES: '/nowhere/routes.yaml',
    }),
  )
  assert.equal(code, 1)
  const [fatal] = linesOf(out).filter(({ level }) => level === 'fatal')
  assert.equal(
    fatal?.msg,
    'ingest cannot start: WEIR_INGEST_ROUTES names /nowhere/routes.yaml, which cannot be read: no such file or directory.',
  )
})

test('projector: a database that is none is named with the other faults', async () => {
  const settings = { WEIR_JWT_SECRET: secret, DATABASE_URL: 'https://somebody:hidden@127.0.0.1/db' }
  const { code, err } = await end(start([`${root}.tools/bin/bun`, `${root}projector/src/main.ts`], settings))
  assert.equal(code, 78)
  assert.match(err, /DATABASE_URL must be a postgres:\/\/ URL/)
  assert.doesNotMatch(err, /hidden/)
})

test('projector: a database that cannot be reached keeps nothing else from starting; readiness says what is wrong', async () => {
  const child = start([`${root}.tools/bin/bun`, `${root}projector/src/main.ts`], {
    WEIR_NATS_URL: natsUrl(password),
    WEIR_JWT_SECRET: secret,
    WEIR_PROJECTOR_PORT: '0',
    WEIR_PROJECTOR_ADMIN_PORT: '0',
    DATABASE_URL: 'postgres://somebody:hidden@127.0.0.1:1/nowhere',
  })
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  const ended = end(child)
  try {
    const listening = (): Line | undefined => linesOf(out).find((line) => line.msg === 'listening')
    await until('it listens', () => listening() !== undefined)
    const { port, adminPort } = listening() ?? assert.fail()
    assert.equal((await fetch(`http://127.0.0.1:${port}/v1/openapi.json`)).status, 200)
    const readyz = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).text()
    const detail = /"ready":false.*Postgres cannot be used \(ECONNREFUSED\): see that it runs where DATABASE_URL says/
    await until('readiness names the database', async () => detail.test(await readyz()))
    assert.doesNotMatch(out + (await readyz()), /hidden/)
  } finally {
    child.kill('SIGTERM')
  }
  assert.equal((await ended).code, 0)
})

function start([program = '', ...args]: readonly string[], settings: Readonly<Record<string, string>>): ChildProcess {
  const { PATH, HOME } = process.env
  return spawn(program, args, { env: { PATH, HOME, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Kills what does not end by itself. */
function end(child: ChildProcess): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, out, err })
    })
  })
}

interface Line {
  readonly level: string
  readonly msg: string
  readonly port?: number
  readonly adminPort?: number
}

function linesOf(out: string): Line[] {
  return out
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)
}
