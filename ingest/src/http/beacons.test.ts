import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareIngest, tokenFor } from '../../test/fake-stream.ts'

const { ingest, stream } = await bareIngest({ limits: { bodyMs: 50 } })
const token = await tokenFor(['pages.>'])

function beacon(
  body: string | URLSearchParams | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return ingest(
    new Request('http://ingest/v1/beacon', { method: 'POST', body, headers, duplex: 'half' } as RequestInit),
  )
}

async function code(answer: Response): Promise<[number, string]> {
  return [answer.status, ((await answer.json()) as { code: string }).code]
}

test('a form with a token and events is those events', async () => {
  const events = JSON.stringify([{ subject: 'pages.a', data: 'ö&=' }, { subject: 'other.a' }])
  const answer = await beacon(new URLSearchParams({ access_token: token, events }))
  assert.equal(answer.status, 200)
  const { accepted, rejected } = (await answer.json()) as { accepted: number; rejected: { code: string }[] }
  assert.deepEqual([accepted, rejected.map(({ code }) => code)], [1, ['forbidden']])
  assert.equal(stream.messages[0]?.subject, 'ev.main.pages.a')
})

test('what is no such form is refused', async () => {
  assert.deepEqual(await code(await beacon(new URLSearchParams({ events: '[]' }))), [401, 'unauthenticated'])
  assert.deepEqual(await code(await beacon(new URLSearchParams({ access_token: 'a b' }))), [401, 'unauthenticated'])
  assert.deepEqual(await code(await beacon(new URLSearchParams({ access_token: token }))), [400, 'malformed'])
  assert.deepEqual(await code(await beacon('{}', { 'content-type': 'application/json' })), [415, 'unsupported_type'])
  const large = new URLSearchParams({ access_token: token, events: 'x'.repeat(65_536) })
  assert.deepEqual(await code(await beacon(large)), [413, 'too_large'])
})

test('bodies of strangers are bounded in time and, all together, in memory', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const never = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(60_000)) })
  const answers = await Promise.all(Array.from({ length: 300 }, () => beacon(never(), form)))
  const codes = new Set((await Promise.all(answers.map(code))).map(([status, code]) => `${status} ${code}`))
  assert.deepEqual([...codes].sort(), ['408 slow_body', '503 overloaded'])
  assert.equal(
    (await beacon(new URLSearchParams({ access_token: token, events: '{"subject":"pages.b"}' }))).status,
    200,
  )
})
