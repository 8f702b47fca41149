/**
 * Runs benchmarks and prints their figures against their budgets.
 *
 *   make bench
 *   bun bench/src/main.ts [--quick] [--profile <folder>] [name]...
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Benchmark, type Figure, isWithin } from './benchmark.ts'
import { fanOut } from './fan-out.bench.ts'
import { idle } from './idle.bench.ts'
import { inbound } from './inbound.bench.ts'
import { ingest } from './ingest.bench.ts'
import { latency } from './latency.bench.ts'
import { publisher } from './publisher.bench.ts'
import { slowClients } from './slow-clients.bench.ts'
import { storm } from './storm.bench.ts'

const benchmarks: readonly Benchmark[] = [inbound, fanOut, latency, slowClients, storm, idle, publisher, ingest]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, profile: { type: 'string' } },
})
const unknown = positionals.filter((name) => !benchmarks.some((each) => each.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

const missed: Figure[] = []
for (const benchmark of benchmarks) {
  if (positionals.length > 0 && !positionals.includes(benchmark.name)) continue
  console.log(`\n${benchmark.name}: ${benchmark.title}`)
  await benchmark.run({ quick: values.quick, profiles: values.profile, report })
}
if (missed.length > 0) console.log(`\n${missed.length} figures are not within their budget.`)

function report(figure: Figure): void {
  const { name, value, unit, budget, note = '' } = figure
  if (!isWithin(figure)) missed.push(figure)
  const wanted =
    budget === undefined ? '' : 'atLeast' in budget ? `at least ${budget.atLeast}` : `at most ${budget.atMost}`
  const verdict = budget === undefined ? '' : `${isWithin(figure) ? 'ok' : 'MISSED'} (${wanted}) `
  console.log(`  ${name.padEnd(52)} ${rounded(value).padStart(9)} ${unit}  ${verdict}${note}`)
}

/** Three significant digits, without an exponent. */
function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}
