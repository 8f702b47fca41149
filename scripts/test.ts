// `make test`: every suite under the pinned Node, then the portable ones, the same files, under Bun
// and Deno. The last line is the sum of all runs.
//
// The suites start real servers and browsers, and on a busy machine one may come too late. So what
// fails runs once more, by itself; what passes then counts, and is named as unsteady so that
// somebody mends it.

import { existsSync } from 'node:fs'
import { type Outcome, root, run } from './run.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const tools = `${root}.tools/bin`
const portable = ['proto', 'mesh', 'ingest', 'client']
const packages = [...portable, 'hub', 'projector', 'console', 'cli', 'bench']
const suites = packages.flatMap((name) => [`${name}/src/**/*.test.ts`, `${name}/test/**/*.test.ts`])

const node = [`${tools}/node`, '--test', '--test-reporter=spec', '--test-timeout=300000']
const bun = [`${tools}/bun`, 'test', '--timeout=60000', ...portable.map((name) => `./${name}/`)]
const deno = [`${tools}/deno`, 'test', '--no-check', '--allow-all', '--quiet', ...portable.map((name) => `${name}/`)]

/** Suites of one stage run at the same time. */
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

const stages: readonly Stage[] = [
  [
    {
      title: 'All packages on Node',
      // On two cores: most of them wait for servers most of the time.
      command: [...node, '--test-concurrency=3', ...suites],
      count: countNode,
      again: failedFiles,
    },
  ],
  // The whole system starts in these: one at a time, or they measure each other.
  [
    {
      title: 'The repository, its examples and its deployment on Node',
      command: [
        ...node,
        '--test-concurrency=1',
        'test/**/*.test.ts',
        'examples/*/test/**/*.test.ts',
        'deploy/test/*.test.ts',
      ],
      count: countNode,
      again: failedFiles,
    },
  ],
  // Each of these is one process, which mostly waits for servers.
  existsSync(`${tools}/deno`) ? [onBun, onDeno] : [onBun],
]

const total = { passed: 0, failed: 0, skipped: 0 }
const summary: string[] = []
for (const stage of stages) {
  const shown = stage.length === 1
  const runs = stage.map(async (suite) => {
    if (shown) console.log(`\n== ${suite.title}`)
    const began = Date.now()
    const outcome = await run(suite.command, { show: shown })
    const seconds = Math.round((Date.now() - began) / 1000)
    if (!shown) console.log(`\n== ${suite.title}\n${outcome.output}`)
    return { suite, outcome, seconds }
  })
  for (const { suite, outcome, seconds } of await Promise.all(runs)) await settle(suite, outcome, seconds)
}
console.log(`\n${summary.join('\n')}`)
console.log(line(total))
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

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
