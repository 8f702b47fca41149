import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LiveValue, type Source } from './live-value.ts'

class Counter implements Source<number> {
  snapshot = 0
  closed = false
  readonly #watchers: Set<() => void> = new Set()

  count(): void {
    this.snapshot++
    for (const watcher of this.#watchers) watcher()
  }

  onChange(run: () => void): () => void {
    this.#watchers.add(run)
    return () => this.#watchers.delete(run)
  }

  close(): void {
    this.closed = true
  }
}

test('it is opened by the first watcher, shared, and closed after the last', async () => {
  const opened: Counter[] = []
  const live = new LiveValue(-1, () => {
    const counter = new Counter()
    opened.push(counter)
    return counter
  })
  assert.deepEqual([live.value, opened.length], [-1, 0])
  const seen: number[] = []
  const forget = [live.subscribe((value) => seen.push(value)), live.onChange(() => seen.push(live.value * 10))]
  opened[0]?.count()
  assert.deepEqual([seen, opened.length], [[0, 1, 10], 1])
  for (const each of forget) {
    each()
    each()
  }
  assert.equal(opened[0]?.closed, false)
  await sleep(5)
  assert.deepEqual([opened[0]?.closed, live.value], [true, -1])
  live.subscribe(() => {})
  assert.equal(opened.length, 2)
})

test('who goes and comes back at once finds the same source', async () => {
  const opened: Counter[] = []
  const live = new LiveValue(0, () => {
    opened.push(new Counter())
    return opened.at(-1) as Counter
  })
  live.subscribe(() => {})()
  live.subscribe(() => {})
  await sleep(5)
  assert.deepEqual([opened.length, opened[0]?.closed], [1, false])
})
