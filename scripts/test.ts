// `make test`: every suite under the pinned Node, then the portable ones, the same files, under Bun and Deno. The last
// line is the sum of all runs.

import { existsSync } from 'node:fs'
import { root, run } from './run.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const tools = `${root}.tools/bin`
const portable = ['proto', 'mesh', 'ingest', 'client']
const packages = [...portable, 'hub', 'projector', 'console', 'cli', 'bench', 'examples']
const suites = packages.flatMap((name) => [`${name}/src/**/*.test.ts`, `${name}/test/**/*.test.ts`])

const node = [`${tools}/node`, '--test', '--test-reporter=spec', '--test-timeout=180000']
const runs: { readonly title: string; readonly command: string[]; readonly count: (output: string) => Counts }[] = [
  {
    title: 'All packages on Node',
    command: [...node, '--test-concurrency=2', ...suites],
    count: countNode,
  },
  // The whole system starts in these: one at a time, or they measure each other.
  {
    title: 'The repository on Node',
    command: [...node, '--test-concurrency=1', 'test/**/*.test.ts'],
    count: countNode,
  },
  {
    title: `${portable.join(', ')} on Bun`,
    command: [`${tools}/bun`, 'test', '--timeout=60000', ...portable.map((name) => `./${name}/`)],
    count: countBun,
  },
]
if (existsSync(`${tools}/deno`)) {
  runs.push({
    title: `${portable.join(', ')} on Deno`,
    command: [`${tools}/deno`, 'test', '--no-check', '--allow-all', '--quiet', ...portable.map((name) => `${name}/`)],
    count: countDeno,
  })
}

const total = { passed: 0, failed: 0, skipped: 0 }
const summary: string[] = []
for (const { title, command, count } of runs) {
  console.log(`\n== ${title}`)
  const began = Date.now()
  const outcome = await run(command, { show: true })
  const counts = count(outcome.output)
  // A run that ends badly without a failed test (a crash, a file that does not load) is a failure of its own.
  const failed = counts.failed === 0 && !outcome.ok ? 1 : counts.failed
  total.passed += counts.passed
  total.failed += failed
  total.skipped += counts.skipped
  summary.push(`${title}: ${line({ ...counts, failed })} in ${Math.round((Date.now() - began) / 1000)} s`)
}
console.log(`\n${summary.join('\n')}`)
console.log(line(total))
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

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
