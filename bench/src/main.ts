// Runs benchmarks, prints their figures against their budgets and records them in RESULTS.md;
// `--help` says how.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { centrifuge } from './centrifuge.bench.ts'
import { client } from './client.bench.ts'
import { consoleBench } from './console/console.bench.ts'
import { roomsBench } from './console/rooms.bench.ts'
import { derived } from './derived.bench.ts'
import { fanOut } from './fan-out.bench.ts'
import { idle } from './idle.bench.ts'
import { inbound } from './inbound.bench.ts'
import { ingest } from './ingest.bench.ts'
import { ingestMemory } from './ingest-memory.bench.ts'
import { latency } from './latency.bench.ts'
import { projector } from './projector.bench.ts'
import { publisher } from './publisher.bench.ts'
import type { Benchmark } from './report/benchmark.ts'
import { budgetText, type Figure, isWithin, ratioOf, rounded } from './report/figure.ts'
import { record } from './report/results.ts'
import { recordOf } from './report/run-record.ts'
import { scaleOut } from './scale/scale-out.bench.ts'
import { shards } from './scale/shards.bench.ts'
import { slowClients } from './slow-clients.bench.ts'
import { storm } from './storm.bench.ts'
import { wire } from './wire.bench.ts'

const benchmarks: readonly Benchmark[] = [
  wire,
  inbound,
  fanOut,
  centrifuge,
  latency,
  slowClients,
  storm,
  scaleOut,
  shards,
  idle,
  publisher,
  ingest,
  projector,
  derived,
  client,
  consoleBench,
  roomsBench,
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
// What a second or a profiler took is no result.
const isRecorded = !values.quick && values.profile === undefined
for (const benchmark of benchmarks) {
  const wanted = positionals.length === 0 ? !benchmark.onlyByName : positionals.includes(benchmark.name)
  if (!wanted) continue
  const { name, title } = benchmark
  console.log(`\n${name}: ${title}`)
  const figures: Figure[] = []
  await benchmark.run({
    quick: values.quick,
    profiles: values.profile,
    report(figure) {
      figures.push(figure)
      show(figure)
    },
    progress: (line) => console.log(`  ${line}`),
  })
  if (isRecorded) record(recordOf(name, title, figures))
}
console.log(
  isRecorded ? '\nRecorded in bench/RESULTS.md.' : '\nNot recorded: a figure needs its whole time, and no profiler.',
)
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

  --quick             a second or two a measurement, to see that it runs; the figures are rough and not recorded
  --profile <folder>  also write a CPU profile of the hub for each measurement; nothing is recorded
  --help              this text

Without a name all run, but those marked *, which take long.

${benchmarks.map(({ name, title, onlyByName }) => `  ${(name + (onlyByName ? ' *' : '')).padEnd(18)}${title}`).join('\n')}

How to read the figures: bench/README.md.`
}

function show(figure: Figure): void {
  const { name, value, unit, spread = [], peer, note = '' } = figure
  if (figure.void !== undefined) voided.push(figure)
  else if (!isWithin(figure)) missed.push(figure)
  const ratio = ratioOf(figure)
  const words = [
    figure.void === undefined ? verdictOf(figure) : `VOID (${figure.void})`,
    peer === undefined || ratio === undefined ? '' : `${rounded(ratio)} x ${peer.name}`,
    spread.length === 0 ? '' : `of ${spread.map(rounded).join('; ')}`,
    note,
  ]
  console.log(`  ${name.padEnd(52)} ${rounded(value).padStart(9)} ${unit}  ${words.filter(Boolean).join(', ')}`)
}

function verdictOf(figure: Figure): string {
  const { budget } = figure
  return budget === undefined ? '' : `${isWithin(figure) ? 'ok' : 'MISSED'} (${budgetText(budget)})`
}
