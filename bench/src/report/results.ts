import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileOf } from '../processes/programs.ts'
import { budgetText, type Figure, isWithin, ratioOf, rounded } from './figure.ts'
import type { RunRecord } from './run-record.ts'

/** Puts the run in the place of the last one of the same benchmark, and writes the page anew. */
export function record(run: RunRecord): void {
  mkdirSync(fileOf(folder), { recursive: true })
  writeFileSync(fileOf(`${folder}/${run.benchmark}.json`), `${JSON.stringify(run, null, 2)}\n`)
  writeFileSync(fileOf('bench/RESULTS.md'), resultsPage(recordedRuns()))
}

/** The last run of each benchmark, by their names. */
export function recordedRuns(): readonly RunRecord[] {
  return readdirSync(fileOf(folder))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(fileOf(`${folder}/${name}`), 'utf8')) as RunRecord)
}

/** bench/RESULTS.md: a table a benchmark, a row a figure. */
export function resultsPage(runs: readonly RunRecord[]): string {
  return [
    '<!-- Written by `make bench` from bench/results/*.json, which also have the conditions. -->',
    '# Results',
    '',
    'The last recorded run of each benchmark. How to read the columns, and what a figure means, is in',
    '[README.md](README.md).',
    '',
    ...runs.flatMap(section),
  ].join('\n')
}

const folder = 'bench/results'

const columns = ['figure', 'value', 'spread', 'peer', 'ratio', 'budget', 'command', 'commit']

function section(run: RunRecord): readonly string[] {
  const { benchmark, title, date, machine, figures } = run
  return [
    `## ${benchmark}`,
    '',
    `${title[0]?.toUpperCase()}${title.slice(1)}.`,
    '',
    // The machine and the programs, each on a line that people can read in a terminal.
    `${date}, ${machine}.`.replace(', Bun ', ',\nBun '),
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...figures.map((figure) => line(row(figure, run))),
    '',
  ]
}

function row(figure: Figure, { command, commit }: RunRecord): readonly string[] {
  const { name, value, unit, spread = [], peer, budget } = figure
  const ratio = ratioOf(figure)
  return [
    name,
    `${rounded(value)} ${unit}`.trim(),
    spread.map(rounded).join('; '),
    peer === undefined ? '' : `${peer.name}: ${rounded(peer.value)}`,
    ratio === undefined ? '' : rounded(ratio),
    verdict(figure, budget && budgetText(budget)),
    `\`${command}\``,
    commit,
  ]
}

function verdict(figure: Figure, budget: string | undefined): string {
  if (figure.void !== undefined) return `void: ${figure.void}`
  if (budget === undefined) return ''
  return isWithin(figure) ? budget : `**missed**: ${budget}`
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
