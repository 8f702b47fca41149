import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../../cli/src/up/ports.ts'
import { until } from '../../../cli/test/processes.ts'
import { type Outcome, RunningMesh } from '../../../test/running-mesh.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = join(root, 'examples/snippets')
const snippets = readdirSync(folder).filter((name) => /^\d/.test(name))

let mesh: RunningMesh
/** What webhooks need, in both directions. */
const webhooks = { SNIPPETS_SECRET: randomUUID(), SNIPPETS_WEBHOOK_URL: '' }

before(async () => {
  const [port] = await freePorts(1)
  webhooks.SNIPPETS_WEBHOOK_URL = `http://127.0.0.1:${port}`
  mesh = await RunningMesh.start(undefined, {
    ...webhooks,
    WEIR_INGEST_ROUTES: join(folder, 'routes.yaml'),
    WEIR_PROJECTIONS: join(folder, 'alerts.yaml'),
    WEIR_NOTIFY_ALLOW: '127.0.0.1',
  })
})

after(() => mesh?.dispose())

/** What each is tried with. */
const trials: Readonly<Record<string, (run: Running) => Promise<void>>> = {
  async '01-publish-with-curl.sh'(run) {
    assert.deepEqual(await outputOf(run), [
      '{"accepted":1,"duplicates":0}',
      '{"accepted":2,"duplicates":0}',
      '{"accepted":1,"duplicates":0}',
    ])
    await inBucket('snippets.curl.one', /^\{"celsius": ?21.5\}$/)
  },
  async '02-publish-with-opentelemetry.ts'(run) {
    assert.deepEqual(await outputOf(run), ['two series sent'])
    await until('both are in the bucket', async () => {
      const { out } = await mesh.weir('get', 'latest', '--filter', 'metrics.snippets.>')
      return /"value":2\b.*\n.*"value":1\b|"value":1\b.*\n.*"value":2\b/.test(out)
    })
  },
  async '03-publish-cloudevents.sh'(run) {
    assert.deepEqual(await outputOf(run), ['{"accepted":1,"duplicates":0}', '{"accepted":1,"duplicates":1}'])
    await inBucket('snippets.cloud.r1', /^\{"room": ?"r1"\}$/)
  },
  async '04-subscribe-with-eventsource.ts'(run) {
    const [line = ''] = await outputOf(run)
    assert.match(line, /^snippets\.\S+ \{.*\} cursor \S+$/)
  },
  async '05-subscribe-with-the-client.ts'(run) {
    const [line = ''] = await outputOf(run)
    assert.match(line, /^snippets\.\S+ ./)
  },
  async '06-subscribe-with-plain-nats.ts'(run) {
    await until('it listens', () => run.out().includes('listening'))
    await publish('snippets.nats', '"by hand"')
    assert.deepEqual(await outputOf(run), ['listening', 'snippets.nats "by hand"'])
  },
  async '07-see-conflation.ts'(run) {
    const [line = ''] = await outputOf(run)
    const [, drawn = ''] = /^10000 were sent, (\d+) were drawn, the last of them is the newest$/.exec(line) ?? []
    assert.ok(Number(drawn) > 0 && Number(drawn) < 1_000, line)
  },
  async '08-history-to-live.ts'(run) {
    await until('it shows what was', () => run.out().includes('history'))
    for (const value of [4, 5, 6, 7, 8, 9, 10]) await publish('snippets.history.value', String(value))
    const lines = await outputOf(run)
    assert.equal(lines[0], 'history 1 2 3')
    assert.equal(lines.at(-1), 'chart 1 2 3 4 5 6 7 8 9 10')
    await untilStored('snippets.history.>', 10)
    const again = start('08-history-to-live.ts')
    await until('it shows what was', () => again.out().includes('history'))
    for (const value of [1, 2, 3, 4, 5, 6, 7]) await publish('snippets.history.value', String(value))
    assert.equal((await outputOf(again)).at(-1), 'chart 1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7')
  },
  async '09-token-server.ts'(run) {
    assert.equal(readFileSync(join(folder, '09-token-server.ts'), 'utf8').trimEnd().split('\n').length, 20)
    await until('it listens', () => run.out().includes('tokens at'))
    const url = `http://127.0.0.1:${mesh.portBase + 99}`
    assert.equal((await fetch(url)).status, 401)
    const token = await (await fetch(url, { headers: { 'x-user': 'ann' } })).text()
    assert.equal((await mesh.weir('pub', 'snippets.ann.note', '1', '--token', token)).code, 0)
    assert.equal((await mesh.weir('pub', 'snippets.bob.note', '1', '--token', token)).code, 4)
    run.child.kill()
    await run.ended
  },
  async '10-publish-line-protocol.sh'(run) {
    const [stored, partial = ''] = await outputOf(run)
    assert.equal(stored, '204')
    assert.match(partial, /partial write: line 1: .* dropped=1.* 400$/)
    await until('the three are in the bucket', async () => {
      const { out } = await mesh.weir('get', 'latest', '--filter', 'metrics.snippets.*.boiler.>')
      return ['71.5', '68.25', '"celsius":70'].every((value) => out.includes(value))
    })
  },
  async '11-mqtt.ts'(run) {
    assert.deepEqual(await outputOf(run), [
      'stored',
      'snippets/mqtt/b1/climate {"celsius": 71.5} the newest',
      'snippets/mqtt/b1/climate {"celsius": 72} just now',
    ])
  },
  async '12-signed-webhook.sh'(run) {
    const [first, again, forged = ''] = await outputOf(run)
    assert.deepEqual([first, again], ['{"accepted":1,"duplicates":0} 200', '{"accepted":1,"duplicates":1} 200'])
    assert.match(forged, /"unauthenticated".* 401$/)
  },
  async '13-subscribe-with-centrifuge.ts'(run) {
    assert.deepEqual(await outputOf(run), ['snippets.centrifuge.note {"text":"hello"}'])
  },
  async '14-alert-to-a-webhook.ts'(run) {
    await until('it listens', () => run.out().includes('listening'))
    await publish('snippets.boiler.b1', '{"celsius": 95}')
    await until('it is told of the alert', () => run.out().includes('FIRING: boiler b1 is at 95 degrees'))
    await publish('snippets.boiler.b1', '{"celsius": 60}')
    await until('it is told of its end', () => run.out().includes('RESOLVED: boiler b1 is at 60 degrees'))
    const forged = await fetch(webhooks.SNIPPETS_WEBHOOK_URL, { method: 'POST', body: '{"text": "forged"}' })
    assert.deepEqual([forged.status, run.out().includes('forged')], [401, false])
  },
}

test('every snippet is tried here and explained in the README', () => {
  assert.deepEqual(Object.keys(trials), snippets)
  const rows = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| \[([^\]]+)\]/gm)]
  assert.deepEqual(
    rows.map(([, name]) => name),
    snippets,
  )
})

for (const [name, trial] of Object.entries(trials)) {
  test(name, async () => {
    if (name.startsWith('08')) await storeThree()
    const run = start(name)
    try {
      await trial(run)
    } finally {
      run.child.kill()
    }
  })
}

test('a snippet that is not let in says so, and ends', async () => {
  // 10 and 12 show what is answered; 06, 09 and 14 need no token.
  const names = snippets.filter((name) => !/^(06|09|10|12|14)/.test(name))
  const outcomes = await Promise.all(names.map((name) => start(name, { WEIR_TOKEN: 'wrong' }).ended))
  for (const [at, { code, out, err }] of outcomes.entries()) {
    assert.ok(code !== null && code !== 0, `${names[at]} ends with ${code}`)
    assert.match(out + err, /token|unauth|password/i, names[at])
  }
})

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
  readonly out: () => string
}

function start(name: string, further: Readonly<Record<string, string>> = {}): Running {
  const { addresses, token } = mesh.running
  const { jwtSecret } = JSON.parse(readFileSync(join(mesh.folder, '.weir/secrets.json'), 'utf8')) as {
    jwtSecret: string
  }
  const env = {
    PATH: process.env.PATH,
    NODE_NO_WARNINGS: '1',
    WEIR_TOKEN: token,
    WEIR_HUB_URL: addresses.hub,
    WEIR_INGEST_URL: addresses.ingest,
    WEIR_MQTT_URL: addresses.mqtt,
    ...webhooks,
    WEIR_PROJECTOR_URL: addresses.projector,
    WEIR_NATS_URL: addresses.nats,
    WEIR_JWT_SECRET: jwtSecret,
    PORT: String(mesh.portBase + 99),
    ...further,
  }
  const node = [join(root, '.tools/bin/node'), '--experimental-eventsource']
  const [program = '', ...args] = name.endsWith('.sh')
    ? ['sh']
    : name.startsWith('04')
      ? node
      : [join(root, '.tools/bin/bun')]
  const child = spawn(program, [...args, join(folder, name)], { cwd: root, env })
  let [out, err] = ['', '']
  child.stdout.on('data', (text: Buffer) => {
    out += text
  })
  child.stderr.on('data', (text: Buffer) => {
    err += text
  })
  const ended = once(child, 'close').then(([code]): Outcome => ({ code: code as number | null, out, err }))
  return { child, ended, out: () => out }
}

/** Its lines, once it has ended well. */
async function outputOf({ ended }: Running): Promise<readonly string[]> {
  const { code, out, err } = await ended
  assert.deepEqual([code, err], [0, ''], out)
  return out.trim().split('\n')
}

/** Comes back when it is stored. */
async function publish(subject: string, data: string): Promise<void> {
  const { addresses, token } = mesh.running
  const response = await fetch(`${addresses.ingest}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: `{"subject": "${subject}", "data": ${data}}`,
  })
  assert.equal(response.status, 200, await response.text())
}

async function inBucket(subject: string, data: RegExp): Promise<void> {
  await until(`${subject} is in the bucket`, async () =>
    data.test((await mesh.weir('get', 'latest', subject)).out.trim()),
  )
}

async function storeThree(): Promise<void> {
  for (const value of [1, 2, 3]) await publish('snippets.history.value', String(value))
  await untilStored('snippets.history.>', 3)
}

async function untilStored(filter: string, count: number): Promise<void> {
  await until('they are in Postgres', async () => {
    const { out } = await mesh.weir('history', filter)
    return out.trim().split('\n').length === count
  })
}
