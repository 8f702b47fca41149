import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Figure } from './figure.ts'
import { recordedRuns, resultsPage } from './results.ts'
import type { RunRecord } from './run-record.ts'

function rows(...figures: Figure[]): readonly string[] {
  const run: RunRecord = {
    benchmark: 'fan-out',
    title: 'deliveries a CPU second',
    command: 'bun bench/src/main.ts fan-out',
    commit: 'abc1234',
    date: '2026-11-30',
    machine: '2 cores',
    figures,
  }
  const lines = resultsPage([run]).split('\n')
  return lines.slice(lines.findIndex((line) => line.startsWith('| ---')) + 1, -1)
}

const end = '`bun bench/src/main.ts fan-out` | abc1234 |'

test('a figure is a row: value, spread, peer, ratio, budget, command, commit', () => {
  const peer = { name: 'nats-server', value: 1.02, ratio: 13.2 }
  assert.deepEqual(
    rows(
      { name: 'plain', value: 123_456.7, unit: 'events/s' },
      { name: 'beside a peer', value: 13.5, unit: 'M/s', spread: [13.5, 17.21], peer, budget: { atLeast: 12 } },
      { name: 'by quotient', value: 3, unit: 'us', peer: { name: 'js', value: 6 }, budget: { atMost: 1, of: 'ratio' } },
    ),
    [
      `| plain | 123,457 events/s |  |  |  |  | ${end}`,
      `| beside a peer | 13.5 M/s | 13.5; 17.2 | nats-server: 1.02 | 13.2 | at least 12 | ${end}`,
      `| by quotient | 3 us |  | js: 6 | 0.5 | at most 1 times the peer | ${end}`,
    ],
  )
})

test('a budget that is missed, and a figure that is void, say so; what is no number misses every budget', () => {
  assert.deepEqual(
    rows(
      { name: 'slow', value: 5, unit: 'us', budget: { atMost: 4 } },
      { name: 'ratio', value: 5, unit: 'us', peer: { name: 'p', value: 5 }, budget: { atLeast: 2, of: 'ratio' } },
      { name: 'never', value: Number.POSITIVE_INFINITY, unit: 'ms', budget: { atLeast: 1 } },
      { name: 'void', value: 5, unit: 'us', budget: { atMost: 4 }, void: 'not held' },
    ).map((row) => row.split(' | ').slice(1, 6).join(' | ')),
    [
      '5 us |  |  |  | **missed**: at most 4',
      '5 us |  | p: 5 | 1 | **missed**: at least 2 times the peer',
      'none ms |  |  |  | **missed**: at least 1',
      '5 us |  |  |  | void: not held',
    ],
  )
})

test('no recorded run has two rows for the same figure and peer', () => {
  for (const { benchmark, figures } of recordedRuns()) {
    const names = figures.map(({ name, peer }) => `${name} / ${peer?.name}`)
    assert.equal(new Set(names).size, names.length, `${benchmark}: ${names.sort()}`)
  }
})
