/**
 * Hubs behind one address: 1, 2 and 4 of them, and as many workers, with as many subscribers each;
 * then what clients see when a hub is added, when all are replaced, and when one is killed. All
 * hubs share one core and everything else the other, so that CPU is comparable and throughput is
 * that of a core: it is not to fall with their number.
 */

import type { Benchmark, BenchmarkOptions } from '../report/benchmark.ts'
import { rounded } from '../report/figure.ts'
import { HubFleet } from './hub-fleet.ts'
import { rebalance, replaceAndKill } from './moving.ts'
import { type NatsTurn, natsTurn } from './nats-cost.ts'
import { eventsPerSecond, type SideBySide, sideBySide } from './side-by-side.ts'

export const scaleOut: Benchmark = {
  name: 'scale-out',
  title: '1, 2 and 4 hubs behind one address, and clients while hubs come, are replaced and are killed',
  run: runScaleOut,
}

async function runScaleOut(options: BenchmarkOptions): Promise<void> {
  const ms = options.quick ? 1_500 : 4_000
  const sizes = options.quick ? [1, 2] : [1, 2, 4]
  await grow(options, 'hub', sizes, ms, (size) => HubFleet.start(size, 1))
  await grow(options, 'worker', sizes, ms, (size) => HubFleet.startWorkers(size))
  await natsForEach(options, ms)
  await rebalance(options)
  await replaceAndKill(options)
}

/** Each size beside the first, which has the same way to its clients. */
async function grow(
  options: BenchmarkOptions,
  noun: string,
  sizes: readonly number[],
  ms: number,
  start: (size: number) => Promise<HubFleet>,
): Promise<void> {
  let alone: SideBySide | undefined
  for (const size of sizes) {
    const measured = await sideBySide(await start(size), size, ms)
    report(options, size === 1 ? `1 ${noun}` : `${size} ${noun}s`, measured, alone && { name: `1 ${noun}`, ...alone })
    alone ??= measured
  }
}

function report(
  options: BenchmarkOptions,
  name: string,
  one: SideBySide,
  beside: (SideBySide & { readonly name: string }) | undefined,
): void {
  const note = `${percent(one.hubShare)} of a core, the balancer ${percent(one.balancerShare)}`
  options.report({
    name: `${name}, CPU a delivery`,
    value: one.deliveryMicros,
    unit: 'us',
    note,
    ...(beside && { peer: { name: beside.name, value: beside.deliveryMicros }, budget: { atMost: 1.2, of: 'ratio' } }),
  })
  options.report({
    name: `${name}, as fast as it goes`,
    value: one.deliveriesPerSecond / 1e6,
    unit: 'M deliveries/s',
    ...(beside && { peer: { name: beside.name, value: beside.deliveriesPerSecond / 1e6 } }),
  })
  for (const [quantile, value] of [
    ['p50', one.p50Ms],
    ['p99', one.p99Ms],
  ] as const) {
    options.report({ name: `${name}, ${quantile}`, value, unit: 'ms', note: `${eventsPerSecond} events/s` })
  }
}

async function natsForEach(options: BenchmarkOptions, ms: number): Promise<void> {
  const turns: NatsTurn[] = []
  for (let turn = 0; turn < (options.quick ? 1 : 2); turn++) turns.push(await natsTurn(ms))
  const spread = turns.map(({ furtherMicros }) => furtherMicros)
  options.report({
    name: 'nats-server, an event for each further hub',
    value: spread.reduce((sum, value) => sum + value, 0) / spread.length,
    unit: 'us',
    ...(spread.length > 1 && { spread }),
    note: turns
      .map(({ oneMicros, manyMicros }) => `${rounded(oneMicros)} us with one hub, ${rounded(manyMicros)} with five`)
      .join('; '),
  })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`
}
