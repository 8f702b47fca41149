import type { Benchmark, BenchmarkOptions } from './benchmark.ts'
import { lastLine, pinnedNode } from './programs.ts'
import type { WireLoad } from './wire-load.ts'

/** Guards the budget of proto/src/wire-batch.ts, which other benchmarks of the hub are too coarse for. */
export const wire: Benchmark = {
  name: 'wire',
  title: 'an entry and the head of a batch written by hand, against the generated code',
  run: runWire,
}

async function runWire({ report }: BenchmarkOptions): Promise<void> {
  const { entry, copy, head, generatedEntry, generatedHead } = (await lastLine(
    'wire-load.ts',
    [],
    pinnedNode(),
  )) as WireLoad
  const unit = 'ns'
  const note = `with the copy ${entry.toFixed(0)} ns`
  report({ name: 'an entry, beside the copy of its event', value: entry - copy, unit, note, budget: { atMost: 150 } })
  report({ name: 'the head of a batch', value: head, unit, budget: { atMost: 1_000 } })
  report({ name: 'peer, the generated code, an entry', value: generatedEntry, unit })
  report({ name: 'peer, the generated code, a batch without entries', value: generatedHead, unit })
}
