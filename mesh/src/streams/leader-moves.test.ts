import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leaderMoves, type StreamPlace } from './leader-moves.ts'

const servers = ['a', 'b', 'c']

/** A stream on all servers for each of these leaders. */
function led(leaders: string): readonly StreamPlace[] {
  return [...leaders].map((leader, at) => ({
    stream: `${at}`,
    leader,
    followers: servers.filter((each) => each !== leader),
  }))
}

/** How many each server leads after the moves, the most first. */
function after(places: readonly StreamPlace[]): readonly number[] {
  const moves = leaderMoves(places)
  const counts = servers.map(
    (server) => places.filter(({ stream, leader }) => (moves.get(stream) ?? leader) === server).length,
  )
  return counts.sort((a, b) => b - a)
}

for (const [leaders, counts, moved] of [
  ['abc', [1, 1, 1], 0],
  ['aba', [1, 1, 1], 1],
  ['aaa', [1, 1, 1], 2],
  ['aaab', [2, 1, 1], 1],
  ['bbbbbbb', [3, 2, 2], 4],
  ['a', [1, 0, 0], 0],
  ['', [0, 0, 0], 0],
] as const) {
  test(`of leaders on ${leaders || 'nothing'}, ${moved} move`, () => {
    const places = led(leaders)
    assert.deepEqual(after(places), counts)
    assert.equal(leaderMoves(places).size, moved)
  })
}

test('a stream of one server stays where it is, and counts', () => {
  const alone = { stream: 'x', leader: 'b', followers: [] }
  assert.deepEqual(leaderMoves([alone, { ...alone, stream: 'y' }]), new Map())
  const places = [
    { stream: 'z', leader: 'a', followers: ['b', 'c'] },
    { stream: 'w', leader: 'a', followers: ['b', 'c'] },
  ]
  assert.deepEqual(leaderMoves([alone, { ...alone, stream: 'y' }, ...places]), new Map([['z', 'c']]))
})

test('of streams on any servers, none is led by one that leads two more than another with a copy', () => {
  const copies = fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(copies, { maxLength: 30 }), (all) => {
      const places = all.map(([leader = '', ...followers], at) => ({ stream: `${at}`, leader, followers }))
      const moves = leaderMoves(places)
      const leaders = places.map(({ stream, leader }) => moves.get(stream) ?? leader)
      const countOf = (server: string): number => leaders.filter((each) => each === server).length
      for (const [at, { leader, followers }] of places.entries()) {
        const most = countOf(leaders[at] ?? '')
        for (const server of [leader, ...followers]) assert.ok(most - countOf(server) < 2, `${at} on ${server}`)
        assert.notEqual(moves.get(`${at}`), leader, 'a move to where it is')
      }
    }),
  )
})
