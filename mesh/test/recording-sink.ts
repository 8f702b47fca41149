import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Removal } from '@weir/proto'
import type { TailSink } from '../src/tail/tail-sink.ts'

/** What was handed on of one incarnation; nobody is to believe it before it is loaded. */
export interface Life {
  readonly epoch: number
  readonly entries: string[]
  isLoaded: boolean
}

/** Keeps what a tail hands on, in words. */
export class RecordingSink implements TailSink {
  readonly entries: string[] = []
  readonly lives: Life[] = []
  readonly loadedAt: number[] = []
  readonly gaps: [number, number][] = []
  #head = 0

  begin(epoch: number): void {
    this.lives.push({ epoch, entries: [], isLoaded: false })
  }

  entry(subject: string, seq: number, _payload: Uint8Array, removal: Removal): void {
    const entry = `${subject}@${seq}${removal === Removal.UNSPECIFIED ? '' : ` removed ${removal}`}`
    this.entries.push(entry)
    this.#life.entries.push(entry)
    this.#head = seq
  }

  loaded(head: number): void {
    this.loadedAt.push(head)
    this.#life.isLoaded = true
  }

  gap(from: number, to: number): void {
    this.gaps.push([from, to])
  }

  get #life(): Life {
    return this.lives.at(-1) as Life
  }

  reaches(seq: number): Promise<void> {
    return this.until(() => this.#head >= seq)
  }

  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 60_000
    while (!condition()) {
      assert.ok(Date.now() < deadline, `not reached; entries so far: ${this.entries.slice(-5).join(', ')}`)
      await sleep(20)
    }
  }
}
