import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Members } from './members.ts'

const times = { lostMs: 10_000, settleMs: 1_000, handOverMs: 5_000 }

test('one alone has all of it, once it has listened for a while', () => {
  const members = new Members({ ...times, name: 'b' }, 0)
  const share = members.shareOf(500)
  assert.deepEqual(share, { index: 0, count: 1 })
  assert.ok(share !== undefined && !members.isFree(share, 500))
  assert.ok(members.isFree(share, 1_000))
})

test('the shares follow the names, so that all who hear the same agree', () => {
  const shares = ['a', 'b', 'c'].map((name) => {
    const members = new Members({ ...times, name }, 0)
    for (const other of ['c', 'a', 'b']) members.hear({ name: other }, 0)
    return members.shareOf(0)
  })
  assert.deepEqual(
    shares.map((share) => `${share?.index}/${share?.count}`),
    ['0/3', '1/3', '2/3'],
  )
})

test('a share waits until the others work by the same number, but not for ever', () => {
  const members = new Members({ ...times, name: 'b' }, 0)
  members.hear({ name: 'a', share: { index: 0, count: 1 } }, 0)
  const share = { index: 1, count: 2 }
  assert.ok(!members.isFree(share, 1_500))
  members.hear({ name: 'a' }, 1_600)
  assert.ok(members.isFree(share, 1_600))
  members.hear({ name: 'a', share: { index: 0, count: 1 } }, 1_700)
  assert.ok(!members.isFree(share, 1_700))
  assert.ok(members.isFree(share, 5_000))
})

test('one that is not heard is gone, and one that says so at once', () => {
  const members = new Members({ ...times, name: 'b' }, 0)
  members.hear({ name: 'a' }, 0)
  members.hear({ name: 'c' }, 0)
  members.leave('c', 100)
  assert.deepEqual(members.shareOf(100), { index: 1, count: 2 })
  members.hear({ name: 'b' }, 10_001)
  assert.deepEqual(members.shareOf(10_001), { index: 0, count: 1 })
})

test('one that hears nobody, itself neither, keeps its share: its own connection is gone', () => {
  const members = new Members({ ...times, name: 'b' }, 0)
  members.hear({ name: 'a' }, 0)
  members.hear({ name: 'b' }, 0)
  assert.deepEqual(members.shareOf(60_000), { index: 1, count: 2 })
})

test('more than 64 replicas are 64 shares, and the rest stands by', () => {
  const members = new Members({ ...times, name: 'm64' }, 0)
  for (let i = 0; i < 70; i++) members.hear({ name: `m${i}` }, 0)
  assert.equal(members.shareOf(0)?.count, 64)
  const last = new Members({ ...times, name: 'z' }, 0)
  for (let i = 0; i < 70; i++) last.hear({ name: `m${i}` }, 0)
  assert.equal(last.shareOf(0), undefined)
})
