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
import { eventsPerSecond, type SideBySide, sideBySide, subscribersEach } from './side-by-side.ts'

export const scaleOut: Benchmark = {
  name: 'scale-out',
  title: '1, 2 and 4 hubs behind one address, and clients while hubs come, are replaced and are killed',
  run: runScaleOut,
}

async function runScaleOut(options: BenchmarkOptions): Promise<void> {
  const ms = options.quick ? 1_500 : 5_000
  const sizes = options.quick ? [1, 2] : [1, 2, 4]
  const hubs: SideBySide[] = []
  for (const size of sizes) {
    const measured = await sideBySide(await HubFleet.start(size, 1), size, ms)
    hubs.push(measured)
    report(options, size === 1 ? '1 hub' : `${size} hubs`, measured, hubs[0])
  }
  for (const size of sizes.slice(1)) {
    report(options, `${size} workers`, await sideBySide(await HubFleet.startWorkers(size), size, ms), hubs[0])
  }
  natsForEach(options, sizes, hubs)
  await rebalance(options)
  await replaceAndKill(options)
}

function report(options: BenchmarkOptions, name: string, one: SideBySide, alone: SideBySide | undefined): void {
  const beside = alone === undefined || alone === one ? undefined : alone
  const note = `${percent(one.hubShare)} of a core, the balancer ${percent(one.balancerShare)}`
  options.report({
    name: `${name}, CPU a delivery`,
    value: one.deliveryMicros,
    unit: 'us',
    note,
    ...(beside && { peer: { name: '1 hub', value: beside.deliveryMicros }, budget: { atMost: 1.2, of: 'ratio' } }),
  })
  options.report({
    name: `${name}, as fast as it goes`,
    value: one.deliveriesPerSecond / 1e6,
    unit: 'M deliveries/s',
    ...(beside && { peer: { name: '1 hub', value: beside.deliveriesPerSecond / 1e6 } }),
  })
  for (const [quantile, value] of [
    ['p50', one.p50Ms],
    ['p99', one.p99Ms],
  ] as const) {
    options.report({ name: `${name}, ${quantile}`, value, unit: 'ms', note: `${eventsPerSecond} events/s` })
  }
}

/** What the largest fleet costs nats-server an event more than one hub does, by hubs. */
function natsForEach(options: BenchmarkOptions, sizes: readonly number[], hubs: readonly SideBySide[]): void {
  const [first, last] = [hubs[0]?.natsMicrosAnEvent ?? Number.NaN, hubs.at(-1)?.natsMicrosAnEvent ?? Number.NaN]
  options.report({
    name: 'nats-server, an event for each further hub',
    value: (last - first) / ((sizes.at(-1) ?? 1) - 1),
    unit: 'us',
    note: `${hubs.map(({ natsMicrosAnEvent }) => rounded(natsMicrosAnEvent)).join(', ')} us an event; ${subscribersEach} subscribers a hub`,
  })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`
}
