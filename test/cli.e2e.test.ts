import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import postgres from 'postgres'
import { until } from '../cli/test/processes.ts'
import { type Outcome, RunningMesh } from './running-mesh.ts'

// The command line as a user has it, beside a whole mesh.

let mesh: RunningMesh

before(async () => {
  mesh = await RunningMesh.start()
})

after(() => mesh?.dispose())

/** Publishes items, one a line, each with its data as it is written here. */
async function publish(items: readonly (readonly [subject: string, data: string])[]): Promise<void> {
  const child = mesh.spawn('pub', '-', '--quiet')
  child.stdin?.end(items.map(([subject, data]) => `{"subject": "${subject}", "data": ${data}}`).join('\n'))
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
}

function lines({ code, out }: Outcome): readonly string[] {
  assert.equal(code, 0)
  return out.split('\n').slice(0, -1)
}

test('all values of a bucket come, however many pages they are, and a limit is said', async () => {
  const count = 2_302
  await publish(Array.from({ length: count }, (_, at) => [`many.k${at}`, String(at)] as const))
  await until(
    'all are there',
    async () => lines(await mesh.weir('get', 'latest', '--filter', 'many.>')).length >= count,
  )
  const whole = await mesh.weir('get', 'latest', '--filter', 'many.>', '--json')
  const subjects = lines(whole).map((line) => (JSON.parse(line) as { subject: string }).subject)
  assert.deepEqual([new Set(subjects).size, subjects.length, whole.err], [count, count, ''])

  const some = await mesh.weir('get', 'latest', '--filter', 'many.>', '--limit', '10')
  assert.equal(lines(some).length, 10)
  assert.match(some.err, /^weir: there are more than 10; a higher --limit, or none, shows them\n$/)
  const history = await mesh.weir('history', 'many.>', '--limit', '1500')
  assert.equal(lines(history).length, 1_500)
  assert.match(history.err, /^weir: there are more than 1500/)
  const ascending = lines(await mesh.weir('history', 'many.>', '--limit', '100000'))
  const newest = lines(await mesh.weir('history', 'many.>', '--newest', '--limit', '1100'))
  assert.deepEqual(newest, ascending.toReversed().slice(0, 1_100))
})

test('JSON is printed as its producer wrote it, by every command', async () => {
  const data = '{"id": 12345678901234567890, "share": 1.10, "nano": 1795805310123456789, "id": 0e0}'
  const sub = mesh.spawn('sub', 'exact.>', '--json', '--count', '2')
  let [out, err] = ['', '']
  sub.stdout?.on('data', (text: Buffer) => {
    out += text
  })
  sub.stderr?.on('data', (text: Buffer) => {
    err += text
  })
  const ended = once(sub, 'close')
  await until('it listens', () => err.includes('listening'))
  assert.equal(err, `weir: listening on exact.> (events at ${mesh.running.addresses.hub.replace('ws', 'http')})\n`)

  assert.equal((await mesh.weir('pub', 'exact.one', data)).code, 0)
  await publish([['exact.two', data]])
  await ended
  assert.equal(out.split('\n').filter((line) => line.includes(`"data":${data}`)).length, 2, out)
  await until('it is in the bucket', async () => (await mesh.weir('get', 'latest', 'exact.two')).code === 0)
  for (const subject of ['exact.one', 'exact.two']) {
    assert.equal((await mesh.weir('get', 'latest', subject)).out, `${data}\n`)
  }
  const forPrograms = await mesh.weir('get', 'latest', 'exact.one', '--json')
  assert.ok(forPrograms.out.includes(`"data":${data}`), forPrograms.out)
  assert.ok((await mesh.weir('get', 'latest', '--filter', 'exact.>')).out.includes(`  exact.one  ${data}\n`))
  await until('it is in the history', async () => lines(await mesh.weir('history', 'exact.>')).length === 2)
  for (const more of [[], ['--json']]) {
    const { out: history } = await mesh.weir('history', 'exact.>', ...more)
    assert.equal(history.split('\n').filter((line) => line.includes(data)).length, 2, history)
  }
})

test('several keys are all looked up, and one that is missing is the exit code', async () => {
  await publish([
    ['several.a', '1'],
    ['several.b', '2'],
  ])
  await until('both are there', async () => (await mesh.weir('get', 'latest', 'several.a', 'several.b')).code === 0)
  const { code, out, err } = await mesh.weir('get', 'latest', 'several.a', 'several.none', 'several.b')
  assert.equal(code, 5)
  assert.match(out, /several\.a {2}1\n.*several\.b {2}2\n$/s)
  assert.equal(err, 'weir: the bucket latest has no value for several.none\n')
})

test('what a token does not allow is code 4, and what does not exist code 5, for every command that asks', async () => {
  const narrow = (await mesh.weir('token', '--subscribe', 'mine.>', '--publish', 'mine.>')).out.trim()
  const commands = [
    ['pub', 'a.b', '1'],
    ['sub', 'a.b'],
    ['get', 'latest', 'a.b'],
    ['get', 'latest', '--filter', 'a.b'],
    ['history', 'a.b'],
    ['projector', 'list'],
    ['projector', 'rebuild', 'latest'],
    ['projector', 'dead-letters'],
    ['projector', 'replay', '1'],
    ['projector', 'forget', '1'],
    ['bucket', 'list'],
    ['bucket', 'drop', 'latest'],
    ['alerts', 'list', '--filter', 'alerts.>'],
    ['alerts', 'silence', 'x', '--rule', 'hot', '--for', '1h'],
    ['alerts', 'unsilence', 'x'],
  ]
  for (const token of ['x', narrow]) {
    for (const args of commands) {
      const { code, out, err } = await mesh.weir(...args, '--token', token)
      assert.deepEqual([code, out], [4, ''], `${args.join(' ')}: ${err}`)
      assert.match(err, /^weir: [^\n]+\n$/, args.join(' '))
    }
  }
  for (const args of [
    ['get', 'latest', 'nobody.wrote.this'],
    ['get', 'nosuchbucket'],
    ['sub', '--source', 'nosuchbucket'],
    ['projector', 'rebuild', 'nosuchprojection'],
    ['bucket', 'drop', 'nosuchbucket'],
    ['alerts', 'ack', 'no.such'],
    ['alerts', 'unsilence', 'nosuchsilence'],
  ]) {
    const { code, out, err } = await mesh.weir(...args)
    assert.deepEqual([code, out], [5, ''], `${args.join(' ')}: ${err}`)
  }
})

test('the embedded Postgres takes nobody without its password', async () => {
  const right = new URL(mesh.running.addresses.postgres)
  assert.ok(right.password.length >= 20)
  for (const password of ['', 'wrong']) {
    const url = new URL(right)
    url.password = password
    const database = postgres(url.href, { max: 1, connect_timeout: 5 })
    await assert.rejects(database.unsafe('select 1'), /password authentication failed/)
    await database.end({ timeout: 1 })
  }
})

test('a token that was given ends what follows when it expires, and the command says so', async () => {
  const minted = await mesh.weir('token', '--subscribe', 'brief.>', '--ttl', '3s')
  const [token = ''] = lines(minted)
  const { code, err } = await mesh.weir('sub', 'brief.>', '--token', token)
  assert.deepEqual([code, /The token has expired/.test(err)], [4, true], err)
})
