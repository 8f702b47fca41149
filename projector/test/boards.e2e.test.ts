import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ServiceUnderTest } from './service-under-test.ts'

const service = await ServiceUnderTest.start({
  projections: 'projections: [{ name: latest, kind: latest, from: [rooms.>], bucket: latest }]',
})
after(() => service.stop())

const board = { title: 'Rooms', tiles: [] }

test('a board is saved, listed, saved again after itself alone, and taken out', async () => {
  const first = await service.request<{ seq: number }>('PUT', '/v1/boards/rooms', {}, board)
  assert.equal(first.status, 200)
  const { body } = await service.get<{ items: { name: string; origin: string; seq: number; text: string }[] }>(
    '/v1/boards',
  )
  assert.deepEqual(
    body.items.map(({ text, ...rest }) => ({ ...rest, board: JSON.parse(text) })),
    [{ name: 'rooms', origin: 'bucket', seq: first.body.seq, board }],
  )
  assert.equal((await service.request('PUT', '/v1/boards/rooms', {}, board)).status, 409)
  const next = await service.request('PUT', `/v1/boards/rooms?seq=${first.body.seq}`, {}, board)
  assert.equal(next.status, 200)
  assert.equal((await service.request('DELETE', '/v1/boards/rooms')).status, 204)
  assert.equal((await service.request('DELETE', '/v1/boards/rooms')).status, 404)
})

test('what is no board, no name or no parameter is malformed, and without a grant it is forbidden', async () => {
  const refused = [
    await service.request('PUT', '/v1/boards/rooms', {}, { title: 'Rooms' }),
    await service.request('PUT', '/v1/boards/rooms?seq=x', {}, board),
    await service.request('PUT', '/v1/boards/rooms?sequence=3', {}, board),
    await service.request('PUT', '/v1/boards/two.names', {}, board),
    await service.request('DELETE', '/v1/boards/rooms?seq=3'),
    await service.get('/v1/boards?limit=3'),
  ]
  assert.deepEqual(
    refused.map(({ status }) => status),
    [400, 400, 400, 400, 400, 400],
  )
  await service.authorize({ publish: ['rooms.>'] })
  assert.equal((await service.request('PUT', '/v1/boards/rooms', {}, board)).status, 403)
})
