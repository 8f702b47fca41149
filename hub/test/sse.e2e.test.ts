import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type TestHub, TestMesh, testToken } from './harness.ts'
import { SseReader } from './sse-reader.ts'

describe('server-sent events', () => {
  let mesh: TestMesh
  let hub: TestHub

  before(async () => {
    mesh = await TestMesh.start()
    hub = await mesh.startHub({ WEIR_HUB_HEARTBEAT_SECONDS: '0.3', WEIR_HUB_ORIGINS: 'https://board.example' })
  })

  after(() => mesh.stop())

  async function open(query: string, headers: Readonly<Record<string, string>> = {}, at = hub): Promise<SseReader> {
    return SseReader.open(`${at.httpUrl}/v1/sse?${query}`, { authorization: `Bearer ${await testToken()}`, ...headers })
  }

  test('begin with a snapshot in mode LATEST, then go on live', async () => {
    await mesh.publish('snap.a', '1')
    await mesh.publish('snap.b', '{"deep":[2]}')
    const reader = await open('filter=snap.*')
    assert.equal(reader.response.headers.get('content-type'), 'text/event-stream')
    await reader.until(() => reader.entries.length === 3)
    await mesh.publish('snap.a', '3')
    await reader.until(() => reader.entries.length === 4)
    assert.deepEqual(reader.entries, ['reset', 'snap.a=1', 'snap.b={"deep":[2]}', 'snap.a=3'])
    assert.ok(reader.retryMs > 0)
    reader.close()
  })

  test('resume at Last-Event-ID on another hub, without a hole or a double', async () => {
    const first = await open('filter=resume&mode=ALL')
    await first.until(() => first.id !== '')
    for (let count = 1; count <= 5; count++) await mesh.publish('resume', String(count))
    await first.until(() => first.entries.length === 5)
    first.close()
    for (let count = 6; count <= 9; count++) await mesh.publish('resume', String(count))
    const other = await mesh.startHub()
    // As a browser sends it; the parameter is for the first time and for curl.
    const stale = first.events[0]?.id ?? ''
    const second = await open(`filter=resume&mode=all&cursor=${stale}`, { 'last-event-id': first.id }, other)
    const third = await open(`filter=resume&mode=ALL&cursor=${first.events[2]?.id}`, {}, other)
    await second.until(() => second.entries.length === 4)
    await third.until(() => third.entries.length === 6)
    assert.deepEqual(second.entries, ['resume=6', 'resume=7', 'resume=8', 'resume=9'])
    assert.deepEqual(third.entries.slice(0, 3), ['resume=4', 'resume=5', 'resume=6'])
    second.close()
    third.close()
  })

  test('take several filters, and give every id so that it resumes right there', async () => {
    const cursors: string[] = []
    const all = await open('filter=several.a&filter=several.b.>&mode=ALL')
    await all.until(() => all.id !== '')
    for (const subject of ['several.a', 'several.c', 'several.b.x', 'several.a']) await mesh.publish(subject)
    await all.until(() => all.entries.length === 3)
    for (const { id } of all.events) cursors.push(id)
    all.close()
    for (const [index, cursor] of cursors.entries()) {
      const rest = await open('filter=several.a&filter=several.b.>&mode=ALL', { 'last-event-id': cursor })
      await rest.until(() => rest.entries.length === 2 - index)
      rest.close()
    }
  })

  test('move the cursor of a quiet stream by an id alone, and keep it alive by comments', async () => {
    const reader = await open('filter=quiet&mode=ALL')
    await reader.until(() => reader.id !== '')
    const before = reader.id
    await mesh.publish('elsewhere')
    await reader.until(() => reader.id !== before && reader.comments.length > 0)
    assert.deepEqual(reader.events, [])
    reader.close()
  })

  test('say what was removed', async () => {
    await mesh.put('latest', 'gone.a', '1')
    const reader = await open('source=latest&filter=gone.>')
    await reader.until(() => reader.entries.length === 2)
    await mesh.remove('latest', 'gone.a')
    await reader.until(() => reader.entries.length === 3)
    assert.deepEqual(reader.entries, ['reset', 'gone.a=1', 'gone.a!'])
    assert.match(reader.events[2]?.data ?? '', /"removed":"DELETED"/)
    reader.close()
  })

  test('announce a gap', async () => {
    await mesh.publish('old.a')
    const reader = await open('filter=old.>&mode=ALL&cursor=1-1')
    await reader.until(() => reader.entries.length >= 2)
    assert.equal(reader.entries[0], 'gap')
    assert.match(reader.entries[1] ?? '', /^old\.a=/)
    assert.equal(JSON.parse(reader.events[0]?.data ?? '').reason, 'epoch')
    reader.close()
  })

  test('are refused with a status while nothing was sent', async () => {
    const token = await testToken({ subscribe: ['mine.>'] })
    const authorization = `Bearer ${token}`
    const expired = `Bearer ${await testToken({ ttlSeconds: -5 })}`
    const cases: readonly [string, Readonly<Record<string, string>>, number, string][] = [
      ['', {}, 401, 'unauthenticated'],
      ['', { authorization: 'Bearer nonsense' }, 401, 'unauthenticated'],
      ['', { authorization: expired }, 401, 'token_expired'],
      ['ticket=nonsense', {}, 401, 'unauthenticated'],
      [`token=${token}`, {}, 400, 'malformed'],
      ['filter=other', { authorization }, 403, 'forbidden'],
      ['filter=a..b', { authorization }, 400, 'malformed'],
      ['filter=mine.a&mode=SOME', { authorization }, 400, 'malformed'],
      ['filter=mine.a&mode=ALL&interval=100', { authorization }, 422, 'invalid'],
      ['filter=mine.a&interval=soon', { authorization }, 400, 'malformed'],
      ['filter=mine.a&cursor=!', { authorization }, 400, 'malformed'],
      ['filter=mine.a&source=nowhere', { authorization }, 404, 'not_found'],
      ['filter=mine.a', { authorization, origin: 'https://other.example' }, 403, 'forbidden'],
    ]
    for (const [query, headers, status, code] of cases) {
      const response = await fetch(`${hub.httpUrl}/v1/sse?${query}`, { headers })
      assert.equal(response.status, status, query)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(((await response.json()) as { code: string }).code, code, query)
    }
    await hub.untilMetric('connections', (value) => value === 0)
  })

  test('end with a word when the token expires', async () => {
    const reader = await open('', { authorization: `Bearer ${await testToken({ ttlSeconds: 3 })}` })
    await reader.until(() => reader.ended)
    const { event, data } = reader.events.at(-1) ?? { event: '', data: '{}' }
    assert.equal(event, 'closed')
    assert.equal(JSON.parse(data).code, 3006)
    await hub.untilMetric('connections', (value) => value === 0)
  })

  test('cost a client that never reads no more than high water and a batch', async () => {
    const token = await testToken()
    const socket = connect(hub.port, '127.0.0.1')
    socket.pause()
    socket.write(`GET /v1/sse?filter=flood.%3E&mode=ALL HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    const healthy = await open('filter=flood.>&mode=ALL')
    await hub.untilMetric('subscriptions', (value) => value === 2)
    const big = JSON.stringify('x'.repeat(50_000))
    // Twelve megabytes: more than the kernel takes on loopback.
    let held = 0
    for (let round = 0; round < 24; round++) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => mesh.publish(`flood.s${index}`, big)))
      await healthy.until(() => healthy.events.length === (round + 1) * 10)
      held = Math.max(held, await hub.metric('socket_bytes'))
    }
    await hub.untilMetric('behind', (value) => value === 1)
    assert.ok(held <= 3 * 65_536, `${held} bytes were held for it`)
    // It takes up where it stood.
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.resume()
    await hub.untilMetric('behind', (value) => value === 0)
    await healthy.until(() => text.split('\ndata: ').length - 1 === 240)
    socket.destroy()
    healthy.close()
    await hub.untilMetric('connections', (value) => value === 0)
  })

  const withoutCurl = spawnSync('curl', ['--version']).error === undefined ? false : 'curl is not installed'
  test('are shown by curl -N as they come, a line an event', { skip: withoutCurl, timeout: 60_000 }, async (t) => {
    const header = `Authorization: Bearer ${await testToken()}`
    const curl = spawn('curl', ['-sN', '-H', header, `${hub.httpUrl}/v1/sse?filter=curled.%3E&mode=ALL`])
    t.after(() => curl.kill())
    let shown = ''
    curl.stdout.setEncoding('utf8').on('data', (part: string) => {
      shown += part
    })
    const until = async (number: number): Promise<readonly string[]> => {
      for (;;) {
        const lines = shown.split('\n').filter((line) => line.startsWith('data: '))
        if (lines.length === number) return lines
        await once(curl.stdout, 'data')
      }
    }
    await hub.untilMetric('subscriptions', (value) => value === 1)
    await mesh.publish('curled.a', '1')
    await until(1)
    await mesh.publish('curled.b', '{"deep":[2]}')
    const lines = await until(2)
    assert.equal(curl.exitCode, null)
    const told = lines.map((line) => JSON.parse(line.slice('data: '.length)) as { subject: string; event: object })
    assert.deepEqual(
      told.map(({ subject, event }) => [subject, (event as { data: unknown }).data]),
      [
        ['curled.a', 1],
        ['curled.b', { deep: [2] }],
      ],
    )
    curl.kill()
    await hub.untilMetric('connections', (value) => value === 0)
  })

  test('and every other answer say that they are no page, and of no other type', async () => {
    const reader = await open('filter=safe')
    const answers = [reader.response]
    for (const [path, method] of [
      ['/asyncapi.json', 'GET'],
      ['/v1/tickets', 'OPTIONS'],
      ['/v1/tickets', 'POST'],
      ['/v1/sse', 'POST'],
      ['/v1/sse?nonsense=1', 'GET'],
      ['/v1/ws', 'GET'],
      ['/nowhere', 'GET'],
    ] as const)
      answers.push(await fetch(`${hub.httpUrl}${path}`, { method }))
    for (const { headers, url } of answers) {
      assert.equal(headers.get('x-content-type-options'), 'nosniff', url)
      assert.equal(headers.get('referrer-policy'), 'no-referrer', url)
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, url)
    }
    reader.close()
  })

  test('are open to the pages of allowed origins alone', async () => {
    const origin = 'https://board.example'
    const preflight = await fetch(`${hub.httpUrl}/v1/tickets`, { method: 'OPTIONS', headers: { origin } })
    assert.equal(preflight.status, 204)
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/)
    assert.equal(preflight.headers.get('access-control-allow-origin'), origin)
    const reader = await open('', { origin })
    assert.equal(reader.response.headers.get('access-control-allow-origin'), origin)
    reader.close()
    const other = await fetch(`${hub.httpUrl}/v1/tickets`, {
      method: 'OPTIONS',
      headers: { origin: 'https://other.example' },
    })
    assert.equal(other.status, 403)
    assert.equal(other.headers.get('access-control-allow-origin'), null)
  })
})
