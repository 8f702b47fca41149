// Runs benchmarks and prints their figures against their budgets; `--help` says how.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Benchmark, type Figure, isWithin } from './benchmark.ts'
import { fanOut } from './fan-out.bench.ts'
import { idle } from './idle.bench.ts'
import { inbound } from './inbound.bench.ts'
import { ingest } from './ingest.bench.ts'
import { ingestMemory } from './ingest-memory.bench.ts'
import { latency } from './latency.bench.ts'
import { projector } from './projector.bench.ts'
import { publisher } from './publisher.bench.ts'
import { slowClients } from './slow-clients.bench.ts'
import { storm } from './storm.bench.ts'
import { wire } from './wire.bench.ts'

const benchmarks: readonly Benchmark[] = [
  wire,
  inbound,
  fanOut,
  latency,
  slowClients,
  storm,
  idle,
  publisher,
  ingest,
  projector,
  ingestMemory,
]

const { values, positionals } = commandLine()
if (values.help) {
  console.log(usage())
  process.exit(0)
}
const unknown = positionals.filter((name) => !benchmarks.some((each) => each.name === name))
if (unknown.length > 0) refuse(`There is no benchmark ${unknown.join(', ')}.`)

const missed: Figure[] = []
const voided: Figure[] = []
for (const benchmark of benchmarks) {
  const wanted = positionals.length === 0 ? !benchmark.onlyByName : positionals.includes(benchmark.name)
  if (!wanted) continue
  console.log(`\n${benchmark.name}: ${benchmark.title}`)
  await benchmark.run({ quick: values.quick, profiles: values.profile, report })
}
if (missed.length > 0) console.log(`\n${missed.length} figures are not within their budget.`)
if (voided.length > 0) console.log(`\n${voided.length} figures are void.`)

function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (fault) {
    // Its second sentence is about arguments that begin with a hyphen.
    return refuse(`${String(fault instanceof Error ? fault.message : fault).split('. ')[0]}.`)
  }
}

function refuse(sentence: string): never {
  console.error(`${sentence}\n\n${usage()}`)
  process.exit(2)
}

function usage(): string {
  return `bun bench/src/main.ts [--quick] [--profile <folder>] [name]...

  --quick             a second or two a measurement, to see that it runs; the figures are rough then
  --profile <folder>  also write a CPU profile of the hub for each measurement
  --help              this text

Without a name all run, but those marked *, which take long.

${benchmarks.map(({ name, title, onlyByName }) => `  ${(name + (onlyByName ? ' *' : '')).padEnd(18)}${title}`).join('\n')}

How to read the figures: bench/README.md.`
}

function report(figure: Figure): void {
  const { name, value, unit, note = '' } = figure
  if (figure.void !== undefined) voided.push(figure)
  else if (!isWithin(figure)) missed.push(figure)
  const verdict = figure.void === undefined ? verdictOf(figure) : `VOID (${figure.void}) `
  console.log(`  ${name.padEnd(52)} ${rounded(value).padStart(9)} ${unit}  ${verdict}${note}`)
}

function verdictOf(figure: Figure): string {
  const { budget } = figure
  if (budget === undefined) return ''
  const wanted = 'atLeast' in budget ? `at least ${budget.atLeast}` : `at most ${budget.atMost}`
  return `${isWithin(figure) ? 'ok' : 'MISSED'} (${wanted}) `
}

/** Three significant digits, without an exponent. */
function rounded(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}
