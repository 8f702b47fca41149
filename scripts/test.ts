// `make test`: every suite under the pinned Node, and the portable ones, the same files, under Bun
// and Deno. The last line is the sum of all runs.
//
// The suites start real servers and browsers, and on a busy machine one may come too late. So what
// fails runs once more, by itself; what passes then counts, and is named as unsteady so that
// somebody mends it.

import { existsSync, globSync } from 'node:fs'
import { type Outcome, root, run } from './run.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const tools = `${root}.tools/bin`
const portable = ['proto', 'mesh', 'ingest', 'client']
const packages = [...portable, 'hub', 'projector', 'console', 'cli', 'bench']

// They tell how many frames a page drew and how soon, so nothing else runs meanwhile.
const measuring = [
  'test/console-speed.e2e.test.ts',
  ...['deliveries', 'kitchen', 'pipeline', 'rooms'].map((demo) => `examples/${demo}/test/${demo}.e2e.test.ts`),
]
const repository = filesOf('test/**/*.test.ts', 'examples/*/test/**/*.test.ts').filter(
  (file) => !measuring.includes(file),
)

const node = [`${tools}/node`, '--test', '--test-reporter=spec', '--test-timeout=300000']
const bun = [`${tools}/bun`, 'test', '--timeout=60000', ...portable.map((name) => `./${name}/`)]
const deno = [`${tools}/deno`, 'test', '--no-check', '--allow-all', '--quiet', ...portable.map((name) => `${name}/`)]

/** Suites that run at the same time; the output of the first is shown as it comes. */
type Stage = readonly SuiteRun[]

interface SuiteRun {
  readonly title: string
  readonly command: readonly string[]
  readonly count: (output: string) => Counts
  /** What to run again after a run that failed. */
  readonly again: (output: string) => readonly string[]
}

const onBun: SuiteRun = {
  title: `${portable.join(', ')} on Bun`,
  command: bun,
  count: countBun,
  again: () => bun,
}
const onDeno: SuiteRun = {
  title: `${portable.join(', ')} on Deno`,
  command: deno,
  count: countDeno,
  again: () => deno,
}

// Two cores are enough for what is beside each other here: most of it waits for servers, for
// elections and for connections that come back, most of the time.
const stages: readonly Stage[] = [
  [
    onNode(
      'All packages',
      3,
      packages.flatMap((name) => filesOf(`${name}/src/**/*.test.ts`, `${name}/test/**/*.test.ts`)),
    ),
    onNode('The deployment', 1, filesOf('deploy/test/*.test.ts')),
    onBun,
  ],
  // Each file starts a whole system.
  [onNode('The repository', 1, repository), ...(existsSync(`${tools}/deno`) ? [onDeno] : [])],
  [onNode('What measures pages', 1, measuring)],
]

const total = { passed: 0, failed: 0, skipped: 0 }
const summary: string[] = []
for (const stage of stages) {
  const runs = stage.map(async (suite, at) => {
    if (at === 0) console.log(`\n== ${suite.title}`)
    const began = Date.now()
    const outcome = await run(suite.command, { show: at === 0 })
    return { suite, outcome, seconds: Math.round((Date.now() - began) / 1000) }
  })
  for (const [at, { suite, outcome, seconds }] of (await Promise.all(runs)).entries()) {
    if (at > 0) console.log(`\n== ${suite.title}\n${outcome.output}`)
    await settle(suite, outcome, seconds)
  }
}
console.log(`\n${summary.join('\n')}`)
console.log(line(total))
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

/** The files of these patterns, which Node runs in the order of their names. */
function filesOf(...patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root }).toSorted()
}

function onNode(title: string, concurrency: number, files: readonly string[]): SuiteRun {
  const command = [...node, `--test-concurrency=${concurrency}`, ...files]
  return { title: `${title} on Node`, command, count: countNode, again: failedFiles }
}

/** Counts a run, after what failed in it has run once more. */
async function settle({ title, count, again }: SuiteRun, outcome: Outcome, seconds: number): Promise<void> {
  let counts = countsOf(outcome, count)
  let unsteady = ''
  if (counts.failed > 0) {
    const second = again(outcome.output)
    console.log(`\n== Once more: ${second.join(' ')}`)
    const failed = countsOf(await run(second, { show: true }), count).failed
    if (failed < counts.failed) unsteady = `, ${counts.failed - failed} of them unsteady`
    counts = { ...counts, passed: counts.passed + Math.max(0, counts.failed - failed), failed }
  }
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
  summary.push(`${title}: ${line(counts)}${unsteady} in ${seconds} s`)
}

/**
 * A run that ends badly without a failed test (a crash, a file that does not load) is a failure of
 * its own.
 */
function countsOf(outcome: Outcome, count: SuiteRun['count']): Counts {
  const counts = count(outcome.output)
  return counts.failed === 0 && !outcome.ok ? { ...counts, failed: 1 } : counts
}

/** The files that Node's reporter names, one at a time. */
function failedFiles(output: string): readonly string[] {
  const files = [...output.matchAll(/^test at (.+\.test\.ts):\d+:\d+$/gm)].map(([, file = '']) => file)
  return [...node, '--test-concurrency=1', ...new Set(files)]
}

function line(counts: Counts): string {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}

function countNode(output: string): Counts {
  const of = (word: string): number => lastNumber(output, new RegExp(`^. ${word} (\\d+)$`, 'gm'))
  return { passed: of('pass'), failed: of('fail') + of('cancelled'), skipped: of('skipped') + of('todo') }
}

function countBun(output: string): Counts {
  const of = (word: string): number => lastNumber(output, new RegExp(`^ *(\\d+) ${word}$`, 'gm'))
  return { passed: of('pass'), failed: of('fail'), skipped: of('skip') + of('todo') }
}

function countDeno(output: string): Counts {
  const of = (word: string): number => lastNumber(output, new RegExp(`\\b(\\d+) ${word}\\b`, 'g'))
  return { passed: of('passed'), failed: of('failed'), skipped: of('ignored') }
}

function lastNumber(output: string, pattern: RegExp): number {
  return Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0)
}
