import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCodes, httpStatus, isRetryable, WeirError } from '@weir/proto'
import { problem } from './problem.ts'

test('every code has a problem with its status, and no cause', async () => {
  for (const code of errorCodes) {
    const answer = problem(new WeirError(code, 'What to do.', { cause: new Error('hidden') }))
    assert.equal(answer.status, httpStatus(code))
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    const body = (await answer.json()) as Record<string, unknown>
    assert.equal(typeof body.title, 'string')
    assert.deepEqual(body, {
      type: `urn:weir:error:${code}`,
      title: body.title,
      status: httpStatus(code),
      detail: 'What to do.',
      code,
    })
    const retryAfter = answer.headers.get('retry-after')
    if (isRetryable(code)) assert.match(retryAfter ?? '', /^[123]$/, code)
    else assert.equal(retryAfter, null, code)
    assert.equal(answer.headers.get('www-authenticate') !== null, answer.status === 401)
  }
})

test('further members and headers are added, and may replace', async () => {
  const answer = problem(new WeirError('rate_limited', 'Slower.'), {
    members: { limit: 5 },
    headers: { 'retry-after': '9', ratelimit: 'x' },
  })
  assert.equal(((await answer.json()) as { limit: number }).limit, 5)
  assert.deepEqual([answer.headers.get('retry-after'), answer.headers.get('ratelimit')], ['9', 'x'])
})
