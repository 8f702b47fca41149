/**
 * Whether ingest's memory stays where it is under full load: ten minutes of it, requests of one
 * event and of 500 in turns.
 */
import { setInterval } from 'node:timers'
import { batchProtobuf, load, oneJson, startIngest, withNats } from './ingest.bench.ts'
import { residentBytes } from './processes/process-usage.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const ingestMemory: Benchmark = {
  name: 'ingest-memory',
  title: 'resident memory of ingest over ten minutes at full load',
  onlyByName: true,
  run,
}

const turns = 10

async function run({ quick, report, progress }: BenchmarkOptions): Promise<void> {
  const [ms, turnName] = quick ? [1_000, 'second'] : [60_000, 'minute']
  await withNats(async (nats) => {
    const service = await startIngest(nats)
    const means: number[] = []
    try {
      for (let turn = 0; turn < turns; turn++) {
        const plan = turn % 2 === 0 ? oneJson : batchProtobuf
        const samples: number[] = []
        const timer = setInterval(() => samples.push(residentBytes(service.pid)), ms / 60)
        const { records, seconds } = await load(service, plan, ms).finally(() => clearInterval(timer))
        const value = samples.reduce((sum, sample) => sum + sample, 0) / samples.length / 2 ** 20
        const most = Math.round(Math.max(...samples) / 2 ** 20)
        const rate = Math.round(records / seconds)
        means.push(value)
        progress(`${turnName} ${turn + 1}: ${Math.round(value)} MiB, at most ${most}; ${plan.name}, ${rate} events/s`)
      }
    } finally {
      await service.stop()
    }
    // The first two minutes fill what is kept for good: pools, compiled code, the table of
    // subjects.
    const growth = sum(means.slice(6)) / sum(means.slice(2, 6))
    report({ name: `resident memory, the mean of each ${turnName}`, value: mean(means), unit: 'MiB', spread: means })
    report({ name: `${turnName}s 7 to 10 / ${turnName}s 3 to 6`, value: growth, unit: 'x', budget: { atMost: 1.1 } })
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}
