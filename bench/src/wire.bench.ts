import type { WireLoad } from './hub/wire-load.ts'
import { lastLine, pinnedNode } from './processes/programs.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'
import type { Peer } from './report/figure.ts'

/**
 * Guards the budget of proto/src/wire/wire-batch.ts, which other benchmarks of the hub are too
 * coarse for.
 */
export const wire: Benchmark = {
  name: 'wire',
  title: 'an entry and the head of a batch written by hand, against the generated code',
  run: runWire,
}

async function runWire({ report }: BenchmarkOptions): Promise<void> {
  const { entry, copy, head, generatedEntry, generatedHead } = (await lastLine(
    'hub/wire-load.ts',
    [],
    pinnedNode(),
  )) as WireLoad
  const unit = 'ns'
  const byGenerated = (value: number): Peer => ({ name: 'the generated code', value })
  report({ name: 'an entry, beside the copy of its event', value: entry - copy, unit, budget: { atMost: 150 } })
  report({ name: 'an entry with the copy of its event', value: entry, unit, peer: byGenerated(generatedEntry) })
  const budget = { atMost: 1_000 }
  report({ name: 'the head of a batch', value: head, unit, peer: byGenerated(generatedHead), budget })
}
